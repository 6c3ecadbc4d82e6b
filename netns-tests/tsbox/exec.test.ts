import { expect } from "bun:test";
import { TSBOX, until } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

test("exec --interactive: standard input reaches it", async (lab) => {
  await lab.ok("run", "-d", "--name", "e", "--network", "none", "box", "sleep", "60");
  expect((await lab.tsbox(["exec", "-i", "e", "cat"], { stdin: "to it" })).stdout).toBe("to it");
  expect((await lab.tsbox(["exec", "e", "cat"], { stdin: "to it" })).stdout).toBe("");
  await lab.ok("rm", "-f", "e");
});

test("the same namespaces, cgroups, rights and environment as the container's first process", async (lab) => {
  const id = await lab.ok(
    "run",
    "-d",
    "--name",
    "s",
    "-u",
    "guest",
    "-e",
    "A=1",
    "--cap-drop",
    "CHOWN",
    "-m",
    "64m",
    "box",
    "sleep",
    "60",
  );
  const first = await lab.pidOf("s");
  const child = lab.host.start([TSBOX, "exec", "s", "sleep", "61"]);
  let second = "";
  await until("it runs", async () => {
    second = (
      await lab.host.run(["sh", "-c", "ps -eo pid,args | awk '/[s]leep 61/ && !/tsbox/ {print $1}'"])
    ).stdout.trim();
    return second !== "";
  });
  const both = async (path: string): Promise<string[]> => {
    const look = (pid: string): Promise<string> => lab.host.exec("sh", "-c", `${path.replaceAll("PID", pid)}`);
    return [await look(first), await look(second)];
  };
  for (const path of [
    "for n in mnt pid net ipc uts; do readlink /proc/PID/ns/$n; done",
    "cat /proc/PID/cgroup | sort",
    "grep -e ^Cap -e ^Seccomp: -e ^NoNew -e ^Uid -e ^Gid -e ^Groups /proc/PID/status",
    "tr '\\0' '\\n' < /proc/PID/environ | grep -v -e HOME | sort",
  ]) {
    const [one, other] = await both(path);
    expect(other).toBe(one as string);
  }
  expect((await both("cat /proc/PID/cgroup"))[1]).toContain(id);
  await lab.ok("rm", "-f", "s");
  await child.exited;
});

test("exit statuses of exec, and of a container that does not run", async (lab) => {
  await lab.ok("run", "-d", "--name", "x", "--network", "none", "box", "sleep", "60");
  for (const [args, code] of [
    [["true"], 0],
    [["sh", "-c", "exit 9"], 9],
    [["missing"], 127],
    [["/etc/plain"], 126],
    [["sh", "-c", "kill -9 $$"], 137],
  ] as const)
    expect(`${args} ${(await lab.tsbox(["exec", "x", ...args])).code}`).toBe(`${args} ${code}`);
  await lab.ok("stop", "x");
  expect((await lab.tsbox(["exec", "x", "true"])).stderr).toContain("is not running");
  await lab.ok("rm", "x");
});

test("killed with its client", async (lab) => {
  await lab.ok("run", "-d", "--name", "k", "--network", "none", "box", "sleep", "60");
  const child = lab.host.start([TSBOX, "exec", "k", "sleep", "62"]);
  const running = async (): Promise<boolean> => (await lab.ok("top", "k")).includes("sleep 62");
  await until("it runs", running);
  await lab.host.exec("sh", "-c", "kill -9 $(ps -eo pid,args | awk '/[e]xec k sleep 62/ && !/nsenter/ {print $1}')");
  await until("it is gone", async () => !(await running()));
  await child.exited;
  expect(await lab.ok("inspect", "-f", "{{.State.Status}}", "k")).toBe("running");
  await lab.ok("rm", "-f", "k");
});

nothingIsLeft();
