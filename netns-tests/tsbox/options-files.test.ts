import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

/** The mounts of a process by target: options of the mount and of its file system (proc_pid_mountinfo(5)). */
async function mounts(read: (path: string) => Promise<string>, pid: string): Promise<Map<string, string>> {
  const lines = (await read(`/proc/${pid}/mountinfo`)).trim().split("\n");
  return new Map(
    lines.map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const fields = before.split(" ");
      const [type, , options] = after.split(" ");
      return [fields[4] ?? "", `${fields[5]} ${type} ${options}`];
    }),
  );
}

test("run --read-only: the root is, what is mounted on it is not", async (lab) => {
  await lab.ok("run", "-d", "--name", "ro", "--read-only", "--tmpfs", "/run", "box", "sleep", "60");
  const pid = await lab.pidOf("ro");
  const seen = await mounts(lab.read, pid);
  expect(seen.get("/")).toMatch(/^ro[, ].*overlay/);
  expect(seen.get("/run")).toMatch(/^rw[, ].*tmpfs/);
  expect((await lab.tsbox(["exec", "ro", "touch", "/x"])).stderr).toContain("Read-only file system");
  await lab.ok("rm", "-f", "ro");
});

test("run --tmpfs: with its defaults and what was asked for", async (lab) => {
  await lab.ok(
    "run",
    "-d",
    "--name",
    "tmp",
    "--tmpfs",
    "/a",
    "--tmpfs",
    "/b:size=1m,exec,mode=0700",
    "box",
    "sleep",
    "60",
  );
  const seen = await mounts(lab.read, await lab.pidOf("tmp"));
  expect(seen.get("/a")).toMatch(/nosuid.*nodev.*noexec.* tmpfs/);
  expect(seen.get("/b")).toMatch(/nosuid.*nodev.* tmpfs .*size=1024k.*mode=700/);
  expect(seen.get("/b")).not.toContain("noexec");
  await lab.ok("rm", "-f", "tmp");
});

test("run --volume: a folder both ways, read-only, a file, and a missing folder that is made", async (lab) => {
  const [shared, locked, made, file] = ["shared", "locked", "made/here", "file"].map((name) => join(lab.folder, name));
  if (!shared || !locked || !made || !file) throw new Error("no paths");
  mkdirSync(shared);
  mkdirSync(locked);
  writeFileSync(file, "one file\n");
  const script = "echo inside > /s/x; cat /f; touch /l/x 2>&1; ls -d /m";
  const out = await lab.ok(
    ...["run", "--rm", "-v", `${shared}:/s`, "-v", `${locked}:/l:ro`, "-v", `${made}:/m`, "-v", `${file}:/f`],
    ...["box", "sh", "-c", script],
  );
  expect(readFileSync(join(shared, "x"), "utf8")).toBe("inside\n");
  expect(out).toBe("one file\ntouch: /l/x: Read-only file system\n/m");
  expect(existsSync(join(locked, "x"))).toBe(false);
  expect(statSync(made).isDirectory()).toBe(true);
});

test("what is written stays in the container: neither image nor another container has it", async (lab) => {
  await lab.ok("run", "--name", "writer", "box", "sh", "-c", "echo x > /etc/new; rm /etc/plain");
  expect(await lab.ok("run", "--rm", "box", "sh", "-c", "cat /etc/plain; ls /etc")).toMatch(/^data\n(?!.*new)/s);
  await lab.ok("start", "writer");
  await lab.ok("wait", "writer");
  await lab.ok("rm", "writer");
});

test("no mount of a container is ever in the host's table", async (lab) => {
  const before = await lab.read("/proc/self/mountinfo");
  await lab.ok("run", "-d", "--name", "m", "--network", "none", "box", "sleep", "60");
  const added = (await lab.read("/proc/self/mountinfo")).split("\n").filter((line) => !before.includes(line));
  // Only the handle of its network namespace.
  expect(added.filter((line) => !line.includes("/run/tsbox/netns/"))).toEqual([]);
  await lab.ok("rm", "-f", "m");
});

nothingIsLeft();
