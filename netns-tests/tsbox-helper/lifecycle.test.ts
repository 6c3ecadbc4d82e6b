/** From create to the exit record: codes, signals, stop, restarts, out of memory, what is left. */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { request } from "../../src/tsbox/helper/frames.ts";
import { parseState } from "../../src/tsbox/helper/records.ts";
import { run } from "../support/run.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { attachAndStart, BASE, type Box, connect, HELPER, makeBox } from "./support/box.ts";
import { lacksController, makeCgroup } from "./support/cgroup.ts";
import { until } from "./support/until.ts";

const isGone = (pid: number) => !existsSync(`/proc/${pid}`);

testUnless(
  lacksRoot,
  "a missing program is 127, one that is no program 126, before the container counts as created",
  async () => {
    await using box = await makeBox();
    await Bun.write(join(box.rootfs, "bin/plain"), "no program");
    await Bun.write(join(box.rootfs, "bin/script"), "#!/no/interpreter\n");
    await chmod(join(box.rootfs, "bin/script"), 0o755);
    const before = (await readdir(box.scratch)).sort();
    const create = (...args: string[]) => box.create({ args });
    expect(await create("nothing")).toMatchObject({
      ok: false,
      exitCode: 127,
      op: "execve",
      code: "ENOENT",
      path: "nothing",
    });
    expect(await create("/bin/nothing")).toMatchObject({ ok: false, exitCode: 127, code: "ENOENT" });
    expect(await create("/bin/sh/x")).toMatchObject({ ok: false, exitCode: 127, code: "ENOTDIR" });
    expect(await create("plain")).toMatchObject({ ok: false, exitCode: 126, code: "EACCES" });
    expect(await create("/etc")).toMatchObject({ ok: false, exitCode: 126, code: "EACCES" });
    expect((await readdir(box.dir)).sort()).toEqual(["config"]);
    expect((await readdir(box.scratch)).sort()).toEqual(before);
    // Only execve(2) can tell.
    await box.create({ args: ["script"] });
    await expect(attachAndStart(box.socket)).rejects.toMatchObject({
      exitCode: 127,
      message: expect.stringContaining("ENOENT"),
    });
    await until("exited", async () => (await box.state()).status === "exited");
    expect(await box.state()).toMatchObject({ exitCode: 127, error: { op: "execve", code: "ENOENT", exitCode: 127 } });
    await chmod(join(box.rootfs, "bin/plain"), 0o755);
    await box.create({ args: ["plain"] });
    await expect(attachAndStart(box.socket)).rejects.toMatchObject({
      exitCode: 126,
      message: expect.stringContaining("ENOEXEC"),
    });
  },
);

testUnless(lacksRoot, "what cannot be set up is 125 with the kernel's words, and leaves nothing", async () => {
  await using box = await makeBox();
  const fails = async (config: Parameters<Box["create"]>[0], expected: object) => {
    expect(await box.create(config)).toMatchObject({ ok: false, exitCode: 125, ...expected });
    expect((await readdir(box.dir)).filter((name) => name !== "config")).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(box.scratch);
  };
  const args = ["true"];
  await fails({ args, root: { path: join(box.scratch, "none") } }, { op: "open_tree", code: "ENOENT" });
  await fails(
    { args, mounts: [{ kind: "bind", source: "/no/such", target: "/x" }] },
    { op: "open_tree", code: "ENOENT", path: "/no/such" },
  );
  await fails(
    { args, mounts: [{ kind: "fs", source: "x", type: "nofs", target: "/x" }] },
    { op: "mount", code: "ENODEV" },
  );
  await fails(
    { args, mounts: [{ kind: "fs", source: "x", type: "tmpfs", target: "/x", data: "size=much" }] },
    { op: "mount", code: "EINVAL", path: expect.stringContaining("Bad value for 'size'") },
  );
  await fails(
    { args, cgroups: ["/no/such/cgroup.procs"] },
    { op: "open", code: "ENOENT", path: "/no/such/cgroup.procs" },
  );
  await fails(
    {
      args,
      namespaces: [...BASE.namespaces.filter(({ kind }) => kind !== "net"), { kind: "net", path: "/etc/passwd" }],
    },
    { op: "setns", code: "EINVAL", path: "/etc/passwd" },
  );
  await fails({ args, cwd: "/etc/passwd" }, { op: "chdir", code: "ENOTDIR" });
  // The filter is the last thing before the program.
  await box.create({ args, seccomp: { filter: new Uint8Array(8).fill(255) } });
  await expect(attachAndStart(box.socket)).rejects.toMatchObject({
    exitCode: 125,
    message: "seccomp: EINVAL: Invalid argument",
  });
});

testUnless(lacksRoot, "a mount that may be missing is a warning", async () => {
  await using box = await makeBox();
  const answer = await box.create({
    args: ["true"],
    mounts: [
      { kind: "fs", source: "x", type: "nofs", target: "/x", optional: true },
      { kind: "bind", source: "/no/such", target: "/y", optional: true },
    ],
  });
  expect(answer).toMatchObject({
    ok: true,
    warnings: [expect.stringContaining("/no/such"), expect.stringContaining("/x")],
  });
});

testUnless(lacksRoot, "bad configurations and folders are refused before anything happens", async () => {
  await using box = await makeBox();
  const call = async (args: string[], stdin: Uint8Array | string = "") => {
    const ran = await run([HELPER, ...args], { stdin });
    return { exit: ran.code, ...(ran.stdout === "" ? {} : JSON.parse(ran.stdout)) };
  };
  expect(await call(["create", box.dir], "")).toMatchObject({ exit: 125, op: "config" });
  expect(await call(["create", box.dir], "tsboxcf1\0\0\0\0\0\0\0\0")).toMatchObject({
    exit: 125,
    op: "config",
    path: "ROOT",
  });
  expect(await call(["create", box.dir], new Uint8Array(2 << 20))).toMatchObject({ exit: 125, op: "config" });
  expect(readdirSync(box.dir)).toEqual([]);
  expect(await call(["adopt", box.dir])).toMatchObject({ exit: 125, op: "open", path: "config" });
  expect(await call(["exec", box.dir, "../x"])).toMatchObject({ exit: 125, op: "config" });
  expect(await call([])).toEqual({ exit: 125 });
  expect(await run([HELPER, "version"])).toMatchObject({ code: 0, stdout: "tsbox-mon 1\n" });
  await chmod(box.dir, 0o755);
  expect(await box.create({ args: ["true"] })).toMatchObject({ ok: false, op: "open", code: "EPERM" });
});

testUnless(
  lacksRoot,
  "a created container waits, can be looked at, is joined from outside, and is ended by a signal",
  async () => {
    await using box = await makeBox();
    const answer = await box.create({ args: ["sh", "-c", "echo ran"] });
    if (!answer.ok) throw new Error(answer.message);
    expect(await box.state()).toMatchObject({ status: "created", pid: answer.pid, startedAt: "" });
    expect(readFileSync(`/proc/${answer.pid}/mountinfo`, "utf8")).toContain(" /dev/shm ");
    await run(["nsenter", `--net=/proc/${answer.pid}/ns/net`, "ip", "link", "set", "lo", "up"]);
    using session = await connect(box.socket);
    await session.ask(request.attach({ output: true }));
    await session.ask(request.signal(15));
    expect(await session.exit()).toMatchObject({ exitCode: 137, signal: 9 });
    expect(session.stdout()).toBe("");
    expect(isGone(answer.pid)).toBe(true);
  },
);

testUnless(lacksRoot, "a second monitor is refused while the first lives", async () => {
  await using box = await makeBox();
  using session = await box.start({ args: ["sleep", "100"] });
  expect(await box.create({ args: ["true"] })).toMatchObject({ ok: false, op: "lock" });
  expect(await box.adopt()).toMatchObject({ ok: false, op: "lock" });
  await session.ask(request.stop(9));
  expect((await session.exit()).exitCode).toBe(137);
  expect((await box.run({ args: ["echo", "next"] })).stdout).toBe("next\n");
});

testUnless(lacksRoot, "stop sends the signal, and SIGKILL when that does not help", async () => {
  await using box = await makeBox();
  const trap = "trap 'echo got; exit 3' USR1; echo up; while :; do sleep 0.05; done";
  using polite = await box.start({ args: ["sh", "-c", trap], stop: { signal: 10, timeoutMs: 10_000 } });
  await polite.until("up");
  await polite.ask(request.stop());
  expect(await polite.exit()).toMatchObject({ exitCode: 3, signal: 0 });
  expect(await box.state()).toMatchObject({ manualStop: true, status: "exited", exitCode: 3, pid: 0 });
  using deaf = await box.start({ args: ["sleep", "100"] }); // process 1 without handler
  const from = performance.now();
  await deaf.ask(request.stop(15, 200));
  expect(await deaf.exit()).toMatchObject({ exitCode: 137, signal: 9 });
  expect(performance.now() - from).toBeGreaterThan(180);
});

testUnless(lacksRoot, "SIGTERM for the monitor stops the container in order", async () => {
  await using box = await makeBox();
  using session = await box.start({
    args: ["sh", "-c", "trap 'exit 8' TERM; echo up; while :; do sleep 0.05; done"],
    restart: { name: "always" },
  });
  await session.until("up");
  process.kill(await box.monitorPid(), "SIGTERM");
  expect(await session.exit()).toMatchObject({ exitCode: 8, willRestart: false });
  expect(await box.state()).toMatchObject({ manualStop: false, status: "exited" });
});

testUnless(lacksRoot, "on-failure restarts so many times, each later than the last", async () => {
  await using box = await makeBox();
  const record = join(box.scratch, "record");
  using session = await box.start({
    args: ["sh", "-c", "cat /proc/uptime; exit 5"],
    restart: { name: "on-failure", maxRetries: 3 },
    record,
  });
  for (const willRestart of [true, true, true, false])
    expect(await session.exit()).toMatchObject({ exitCode: 5, willRestart });
  const at = session
    .stdout()
    .trim()
    .split("\n")
    .map((line) => Number(line.split(" ")[0]));
  expect(at.length).toBe(4);
  const waits = at.slice(1).map((time, i) => time - (at[i] ?? 0));
  for (const [i, least] of [0.1, 0.2, 0.4].entries()) expect(waits[i]).toBeGreaterThanOrEqual(least - 0.02);
  expect(await box.state()).toMatchObject({ restartCount: 3, status: "exited", exitCode: 5 });
  expect(parseState(readFileSync(record, "utf8"))).toEqual(await box.state());
});

testUnless(
  lacksRoot,
  "on-failure leaves a success alone, always does not; stop ends it, also between two runs",
  async () => {
    await using box = await makeBox();
    using success = await box.start({ args: ["true"], restart: { name: "on-failure" } });
    expect(await success.exit()).toMatchObject({ exitCode: 0, willRestart: false });
    using always = await box.start({ args: ["sh", "-c", "echo run"], restart: { name: "always" } });
    for (let i = 0; i < 4; i++) expect(await always.exit()).toMatchObject({ exitCode: 0, willRestart: true });
    expect(await box.state()).toMatchObject({ status: "restarting", restartCount: 4, pid: 0 });
    await always.ask(request.stop());
    expect(await always.exit()).toMatchObject({ willRestart: false });
    expect(await box.state()).toMatchObject({ status: "exited", manualStop: true });
  },
);

testUnless(lacksRoot, "the policy can be changed while it runs; a signal may count as a stop", async () => {
  await using box = await makeBox();
  using session = await box.start({ args: ["sleep", "100"] });
  await session.ask(request.restart("always"));
  await session.ask(request.signal(9));
  expect(await session.exit()).toMatchObject({ exitCode: 137, willRestart: true });
  await until("running again", async () => (await box.state()).status === "running");
  await session.ask(request.signal(9, true));
  expect(await session.exit()).toMatchObject({ willRestart: false });
});

testUnless(lacksRoot, "a restart that cannot be made is the end, with the reason", async () => {
  await using box = await makeBox();
  using session = await box.start({ args: ["rm", "/bin/rm"], restart: { name: "always" } });
  expect(await session.exit()).toMatchObject({ willRestart: true });
  expect(await session.exit()).toMatchObject({ exitCode: 127, willRestart: false });
  expect(await box.state()).toMatchObject({ error: { code: "ENOENT", path: "rm" }, exitCode: 127 });
});

testUnless(
  lacksRoot,
  "with --init the program is no process 1: orphans are reaped, signals and exit codes passed on",
  async () => {
    await using box = await makeBox();
    const orphans = "for i in 1 2 3; do (sleep 0.1 &) ; done; sleep 0.5; ps -o pid,stat,args; exit 6";
    const { code, stdout } = await box.run({ args: ["sh", "-c", orphans], init: true });
    expect(code).toBe(6);
    expect(stdout).not.toMatch(/ Z /);
    expect(stdout).toMatch(/ 1 S +tsbox-init/);
    expect(stdout).not.toContain(box.dir);
    using session = await box.start({
      args: ["sh", "-c", "trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"],
      init: true,
    });
    await session.until("up");
    await session.ask(request.signal(15));
    expect((await session.exit()).exitCode).toBe(3);
    // A program without handler dies by the signal, which as process 1 it would not.
    using plain = await box.start({ args: ["sleep", "100"], init: true });
    await plain.ask(request.signal(15));
    expect((await plain.exit()).exitCode).toBe(143);
    using terminal = await box.start({ args: ["sh"], init: true, stdin: true, terminal: { rows: 24, columns: 80 } });
    await terminal.until("# ");
    terminal.send(request.stdin(Buffer.from("echo go$((1)); sleep 100\r")));
    await terminal.until("go1");
    terminal.send(request.stdin(Buffer.from("\x03")));
    expect((await terminal.typeToEnd("exit $?")).exitCode).toBe(130);
    await expect(box.create({ args: ["nothing"], init: true })).resolves.toMatchObject({ exitCode: 127 });
  },
);

testUnless(lacksRoot, "the program for the end runs once, after the record, without the lock", async () => {
  await using box = await makeBox();
  const out = join(box.scratch, "out");
  const script = `flock -n ${box.dir}/monitor.lock echo free >>${out}; grep -o '"status":"[a-z]*"' ${box.dir}/state.json >>${out}
    echo $WORD >>${out}; ls -l /proc/self/fd | grep -c ${box.dir} >>${out}; echo end >>${out}`;
  const { code } = await box.run({
    args: ["false"],
    restart: { name: "on-failure", maxRetries: 1 },
    atEnd: { args: ["/bin/sh", "-c", script], env: ["WORD=word", "PATH=/usr/bin:/bin"] },
  });
  expect(code).toBe(1);
  await until("the end", () => existsSync(out) && readFileSync(out, "utf8").endsWith("end\n"));
  expect(readFileSync(out, "utf8")).toBe('free\n"status":"exited"\nword\n0\nend\n');
});

testUnless([lacksRoot, lacksController("memory")], "a kill for want of memory is told, and only then", async () => {
  await using box = await makeBox();
  await using group = makeCgroup("memory");
  await Bun.write(join(group.folder, "memory.limit_in_bytes"), String(16 << 20));
  const config = { cgroups: [group.procs], oom: { version: 1, folder: group.folder } as const };
  using hog = await box.start({ args: ["sh", "-c", "x=x; while :; do x=$x$x; done"], ...config });
  expect(await hog.exit()).toMatchObject({ exitCode: 137, oomKilled: true });
  expect(await box.state()).toMatchObject({ oomKilled: true, oomKills: 1 });
  using child = await box.start({ args: ["sh", "-c", "(x=x; while :; do x=$x$x; done); exit 2"], ...config });
  expect(await child.exit()).toMatchObject({ exitCode: 2, oomKilled: true });
  using killed = await box.start({ args: ["sleep", "100"], ...config });
  expect(group.members()).toBe(`${await box.pid()}\n`);
  await killed.ask(request.signal(9));
  expect(await killed.exit()).toMatchObject({ exitCode: 137, oomKilled: false });
});

testUnless(lacksRoot, "a monitor is small", async () => {
  await using box = await makeBox();
  using session = await box.start({
    args: ["seq", "1", "50000"],
    log: { path: join(box.scratch, "log") },
    restart: { name: "always" },
  });
  for (let i = 0; i < 3; i++) await session.exit();
  const memory = readFileSync(`/proc/${await box.monitorPid()}/smaps_rollup`, "utf8");
  const of = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(memory)?.[1]);
  expect(of("Rss")).toBeLessThan(1536);
  expect(of("Anonymous")).toBeLessThan(768);
});

testUnless(lacksRoot, "fifty runs leave no process, mount, descriptor or file", async () => {
  await using box = await makeBox();
  // Zombies are those whose parent does not wait: the runner of these tests, which is process 1 here.
  const isAlive = (pid: string) => {
    const stat = existsSync(`/proc/${pid}/stat`) ? Bun.spawnSync(["cat", `/proc/${pid}/stat`]).stdout.toString() : "";
    return stat !== "" && !/\) Z /.test(stat);
  };
  const count = () => readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isAlive(name)).length;
  await box.run({ args: ["true"] });
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  await Bun.sleep(100);
  const before = count();
  for (let i = 0; i < 50; i++) await box.run({ args: ["sh", "-c", "sleep 100 & true"] });
  await until("no process more", () => count() <= before);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(mounts);
  expect(readdirSync(box.dir).sort()).toEqual(["config", "monitor.lock", "state.json", "stderr", "stdout"]);
});
