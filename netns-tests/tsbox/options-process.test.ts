import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TSBOX } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

/** The environment of a container's first process, by the kernel's word. */
const environment = async (read: (path: string) => Promise<string>, pid: string): Promise<string[]> =>
  (await read(`/proc/${pid}/environ`)).split("\0").filter(Boolean).sort();

test("run --hostname: the UTS namespace and /etc/hosts have it; without, it is the short ID", async (lab) => {
  const id = await lab.ok("run", "-d", "--name", "named", "--hostname", "web.example", "box", "sleep", "60");
  const pid = await lab.pidOf("named");
  expect(await lab.host.exec("nsenter", `--target=${pid}`, "--uts", "hostname")).toBe("web.example\n");
  expect(await lab.read(`/proc/${pid}/root/etc/hosts`)).toContain("web.example web\n");
  expect(await lab.read(`/proc/${pid}/root/etc/hostname`)).toBe("web.example\n");
  await lab.ok("rm", "-f", "named");
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await lab.ok("run", "--rm", "box", "hostname")).toMatch(/^[0-9a-f]{12}$/);
});

test("run --user: names and numbers of the container's own passwd and group", async (lab) => {
  for (const [user, ids] of [
    ["guest", "1234 1234 2000"],
    ["guest:extra", "1234 2000"],
    ["77:88", "77 88"],
    ["77", "77 0"],
  ] as const) {
    await lab.ok("run", "-d", "--name", "who", "-u", user, "box", "sleep", "60");
    const status = await lab.read(`/proc/${await lab.pidOf("who")}/status`);
    const field = (name: string): string[] =>
      new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(status)?.[1]?.split(/\s+/).filter(Boolean) ?? [];
    const seen = [field("Uid")[0], field("Gid")[0], ...field("Groups").filter((gid) => gid !== field("Gid")[0])];
    expect(`${user}: ${seen.join(" ")}`).toBe(`${user}: ${ids}`);
    await lab.ok("rm", "-f", "who");
  }
  const unknown = await lab.tsbox(["run", "--rm", "-u", "nobody-here", "box", "true"]);
  expect([unknown.code, unknown.stderr]).toEqual([125, expect.stringContaining("nobody-here")]);
});

test("run --env: set, passed on, left out when the caller has none; PATH, HOME and HOSTNAME are there", async (lab) => {
  await lab.tsbox(
    ["run", "-d", "--name", "env", "-e", "A=1 2", "-e", "A=3=4", "-e", "PASSED", "-e", "ABSENT", "box", "sleep", "60"],
    {
      env: { ...(process.env as Record<string, string>), PASSED: "on" },
    },
  );
  const seen = await environment(lab.read, await lab.pidOf("env"));
  expect(seen).toEqual([
    "A=3=4",
    "HOME=/root",
    expect.stringMatching(/^HOSTNAME=[0-9a-f]{12}$/),
    "PASSED=on",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  ]);
  await lab.ok("rm", "-f", "env");
});

test("run --env-file: its lines, before those of --env", async (lab) => {
  const file = join(lab.folder, "vars");
  writeFileSync(file, '# comment\nFROM_FILE="as it is"\nBOTH=file\n');
  await lab.ok("run", "-d", "--name", "file", "--env-file", file, "-e", "BOTH=option", "box", "sleep", "60");
  const seen = await environment(lab.read, await lab.pidOf("file"));
  expect(seen).toContain('FROM_FILE="as it is"');
  expect(seen).toContain("BOTH=option");
  await lab.ok("rm", "-f", "file");
});

test("run --workdir: made when it is missing", async (lab) => {
  await lab.ok("run", "-d", "--name", "dir", "-w", "/deep/er", "box", "sleep", "60");
  const pid = await lab.pidOf("dir");
  expect(await lab.host.exec("readlink", `/proc/${pid}/cwd`)).toMatch(/\/deep\/er\n$/);
  await lab.ok("rm", "-f", "dir");
});

test("run --entrypoint: the command becomes its arguments", async (lab) => {
  await lab.ok("run", "-d", "--name", "entry", "--entrypoint", "sleep", "box", "61");
  expect(await lab.read(`/proc/${await lab.pidOf("entry")}/cmdline`)).toBe("sleep\x0061\0");
  await lab.ok("rm", "-f", "entry");
});

test("run --init: zombies are reaped and signals reach a program that is not process 1", async (lab) => {
  await lab.ok(
    "run",
    "-d",
    "--name",
    "init",
    "--init",
    "box",
    "sh",
    "-c",
    "sh -c 'sleep 0.1 & exec true' ; exec sleep 60",
  );
  const pid = await lab.pidOf("init");
  const children = (await lab.read(`/proc/${pid}/task/${pid}/children`)).trim().split(" ");
  expect(children.length).toBeGreaterThan(0);
  await Bun.sleep(400);
  const states = await lab.host.exec(
    "sh",
    "-c",
    `for p in $(cat /proc/${pid}/task/${pid}/children); do grep State /proc/$p/status; done`,
  );
  expect(states).not.toContain("Z (zombie)");
  const before = Date.now();
  await lab.ok("stop", "init");
  expect(Date.now() - before).toBeLessThan(5000);
  await lab.ok("rm", "init");
});

test("the command's own tools: exit statuses of run", async (lab) => {
  for (const [args, code] of [
    [["true"], 0],
    [["sh", "-c", "exit 42"], 42],
    [["sh", "-c", "sh -c 'kill -9 $$'; exit $?"], 137],
    // The kernel keeps process 1 from signals of its own that it does not handle.
    [["sh", "-c", "kill -9 $$; exit 3"], 3],
    [["missing"], 127],
    [["/bin/missing"], 127],
    [["/etc/plain"], 126],
    [["/bin/bad"], 127],
    [["/etc"], 126],
  ] as const) {
    const ran = await lab.tsbox(["run", "--rm", "--network", "none", "box", ...args]);
    expect(`${args.join(" ")}: ${ran.code}`).toBe(`${args.join(" ")}: ${code}`);
  }
});

test("the executable and the environment of tsbox stay outside", async (lab) => {
  const seen = await lab.ok(
    "run",
    "--rm",
    "--network",
    "none",
    "box",
    "sh",
    "-c",
    "env; ls -l /proc/self/fd /proc/1/fd",
  );
  expect(seen).not.toMatch(/TSBOX|TSNET|BUN_/);
  const fds = seen.split("\n").filter((line) => / -> /.test(line));
  expect(fds.filter((line) => !/ [0-3] -> /.test(line))).toEqual([]);
  expect(readFileSync(TSBOX).length).toBeLessThan(100_000);
});

nothingIsLeft();
