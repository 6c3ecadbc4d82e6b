import { expect, test } from "bun:test";
import { makeLabHere, traces, until } from "./lab.ts";

/** The same containers on Debian's stock kernel, which has cgroup v2 alone. */
test("on cgroup v2: limits, a cgroup namespace, memory that runs out, pause, exec, a published port, nothing left", async () => {
  await using lab = await makeLabHere();
  const limits = ["-m", "64m", "--memory-swap", "96m", "--cpus", "0.5", "--pids-limit", "20", "--cpu-shares", "512"];
  const id = await lab.ok("run", "-d", "--name", "v2", "-p", "8080:80", ...limits, "box", "httpd", "-f", "-h", "/www");
  const group = `/sys/fs/cgroup/tsbox/${id}`;
  for (const [file, value] of [
    ["memory.max", "67108864"],
    ["memory.swap.max", "33554432"],
    ["cpu.max", "50000 100000"],
    ["pids.max", "20"],
    ["cpu.weight", "59"],
  ])
    expect(`${file} ${(await lab.read(`${group}/${file}`)).trim()}`).toBe(`${file} ${value}`);
  expect((await lab.read(`${group}/cgroup.procs`)).trim()).toBe(await lab.pidOf("v2"));
  expect(await lab.ok("exec", "v2", "cat", "/proc/self/cgroup")).toBe("0::/");
  expect(await lab.ok("exec", "v2", "cat", "/sys/fs/cgroup/memory.max")).toBe("67108864");
  await until("the port answers", async () => {
    return (await lab.host.run(["curl", "-sS", "-m", "9", "http://127.0.0.1:8080/"])).stdout === "hello\n";
  });
  await lab.ok("pause", "v2");
  expect(await lab.read(`${group}/cgroup.events`)).toContain("frozen 1");
  await lab.ok("unpause", "v2");
  expect((await lab.tsbox(["exec", "v2", "sh", "-c", "mknod /tmp/d b 8 0; cat /tmp/d"])).stderr).toContain(
    "not permitted",
  );
  await lab.ok("rm", "-f", "v2");
  const fat = ["--name", "fat", "-m", "16m", "--memory-swap", "16m", "--network", "none"];
  await lab.tsbox(["run", ...fat, "box", "sh", "-c", "tail /dev/zero"]);
  expect(await lab.ok("inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", "fat")).toBe("true 137");
  await lab.ok("rm", "fat");
  await lab.ok("system", "gc");
  expect(await traces(lab)).toEqual([]);
}, 600_000);
