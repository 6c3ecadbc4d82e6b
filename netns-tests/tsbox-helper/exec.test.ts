/** Processes in a running container. */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readlink } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ExecConfig } from "../../src/tsbox/helper/config.ts";
import { request } from "../../src/tsbox/helper/frames.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { attachAndStart, BASE, type Box, connect, makeBox } from "./support/box.ts";
import { lacksController, makeCgroup } from "./support/cgroup.ts";
import type { Session } from "./support/session.ts";
import { until } from "./support/until.ts";

type Config = Partial<ExecConfig> & Pick<ExecConfig, "args">;
let next = 0;

async function start(box: Box, config: Config): Promise<Session> {
  const id = `e${next++}`;
  const answer = await box.exec(id, config);
  if (!answer.ok) throw new Error(answer.message);
  return attachAndStart(box.execSocket(id));
}

async function exec(box: Box, config: Config): Promise<{ code: number; stdout: string; stderr: string }> {
  using session = await start(box, config);
  const { exitCode } = await session.exit();
  return { code: exitCode, stdout: session.stdout(), stderr: session.stderr() };
}

testUnless(
  lacksRoot,
  "a process of exec is in the container, with its rights, and gives its output and exit code",
  async () => {
    await using box = await makeBox();
    using main = await box.start({ args: ["sh", "-c", "echo $$; exec sleep 100"] });
    await main.until("1\n");
    const kinds = ["mnt", "pid", "net", "ipc", "uts", "cgroup", "time"];
    const pid = await box.pid();
    const { code, stdout, stderr } = await exec(box, {
      args: ["sh", "-c", `cd /proc/self/ns; for n in ${kinds.join(" ")}; do readlink $n; done; echo err >&2; exit 9`],
    });
    expect({ code, stderr }).toEqual({ code: 9, stderr: "err\n" });
    expect(stdout.trim().split("\n")).toEqual(
      await Promise.all(kinds.map((kind) => readlink(`/proc/${pid}/ns/${kind}`))),
    );
    const status = await exec(box, {
      args: ["grep", "^Cap\\|^Seccomp:\\|^NoNewPrivs", "/proc/self/status"],
      noNewPrivileges: true,
    });
    expect(status.stdout).toBe(
      "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t0\n",
    );
    expect(main.stdout()).toBe("1\n");
  },
);

testUnless(lacksRoot, "user, folder, environment and input are its own", async () => {
  await using box = await makeBox();
  using _ = await box.start({ args: ["sleep", "100"] });
  const env = [...BASE.env, "WORD=word"];
  expect(
    (await exec(box, { args: ["sh", "-c", "id -u; id -G; pwd; echo $WORD $HOME"], user: "web", cwd: "/tmp", env }))
      .stdout,
  ).toBe("33\n33 50 60\n/tmp\nword /srv/web\n");
  using cat = await start(box, { args: ["cat"], stdin: true });
  cat.send(request.stdin(Buffer.from("through")));
  cat.send(request.stdinEnd());
  expect((await cat.exit()).exitCode).toBe(0);
  expect(cat.stdout()).toBe("through");
  expect(await box.exec("folder", { args: ["true"], cwd: "/none" })).toMatchObject({
    ok: false,
    exitCode: 125,
    op: "chdir",
  });
  expect(await box.exec("program", { args: ["none"] })).toMatchObject({ ok: false, exitCode: 127, code: "ENOENT" });
  expect(await box.exec("plain", { args: ["/etc/passwd"] })).toMatchObject({
    ok: false,
    exitCode: 126,
    code: "EACCES",
  });
  expect(readdirSync(join(box.dir, "exec"))).toEqual([]);
});

testUnless(lacksRoot, "a terminal of the container's own devpts", async () => {
  await using box = await makeBox();
  using _ = await box.start({ args: ["sleep", "100"] });
  using session = await start(box, { args: ["sh"], stdin: true, terminal: { rows: 12, columns: 34 } });
  await session.until("# ");
  session.send(request.stdin(Buffer.from("tty; stty size; echo go$((1)); sleep 100\r")));
  await session.until("go1");
  expect(session.stdout()).toContain("12 34");
  expect(session.stdout()).toContain("/dev/pts/0");
  session.send(request.stdin(Buffer.from("\x03")));
  expect((await session.typeToEnd("exit 4")).exitCode).toBe(4);
});

testUnless(
  lacksRoot,
  "no descriptor of ours reaches it, and while it is made it cannot be looked into (CVE-2016-9962)",
  async () => {
    await using box = await makeBox();
    using _ = await box.start({ args: ["sleep", "100"] });
    const { stdout } = await exec(box, { args: ["ls", "-l", "/proc/self/fd"] });
    expect(stdout.match(/ -> /g)?.length).toBe(3);
    const waiting = await box.exec("waiting", { args: ["sleep", "100"] });
    if (!waiting.ok) throw new Error(waiting.message);
    const look =
      "for p in /proc/[0-9]*; do readlink $p/exe || echo denied; readlink $p/fd/1 >/dev/null || echo closed; done";
    // The container's program, the one that waits, and the shell.
    expect((await exec(box, { args: ["sh", "-c", look] })).stdout).toBe("/bin/busybox\ndenied\nclosed\n/bin/busybox\n");
  },
);

testUnless(lacksRoot, "it dies with its client when it is to, and with the container always", async () => {
  await using box = await makeBox();
  // With an init, since otherwise zombies are left in the container.
  using main = await box.start({ args: ["sleep", "100"], init: true });
  const pid = await box.pid();
  const processes = () => readdirSync(`/proc/${pid}/root/proc`).filter((name) => /^\d+$/.test(name)).length;
  await until("the container's own", () => processes() === 2);
  using lost = await start(box, { args: ["sh", "-c", "sleep 100 & sleep 100; true"], killWithClient: true });
  await until("three of exec", () => processes() === 5);
  lost.close();
  await until("killed with its client", () => processes() === 2);
  using left = await start(box, { args: ["sleep", "100"], killWithClient: true });
  left.send(request.detach());
  await left.closed;
  using other = await start(box, { args: ["sleep", "100"] });
  other.close();
  await Bun.sleep(200);
  expect(processes()).toBe(4);
  using third = await start(box, { args: ["sleep", "100"] });
  await main.ask(request.signal(9));
  expect(await third.exit()).toMatchObject({ exitCode: 137 });
  await main.exit();
  await until("no folder of an exec is left", () => readdirSync(join(box.dir, "exec")).length === 0);
});

testUnless(lacksRoot, "signals and stop reach the process of exec alone", async () => {
  await using box = await makeBox();
  using _ = await box.start({ args: ["sleep", "100"] });
  using session = await start(box, { args: ["sh", "-c", "trap 'exit 3' INT; echo up; while :; do sleep 0.05; done"] });
  await session.until("up");
  await session.ask(request.signal(2));
  expect((await session.exit()).exitCode).toBe(3);
  using sleeps = await start(box, { args: ["sleep", "100"] });
  await sleeps.ask(request.stop());
  expect(await sleeps.exit()).toMatchObject({ exitCode: 143, signal: 15 });
  expect(await box.state()).toMatchObject({ status: "running", manualStop: false });
});

testUnless(lacksRoot, "there is no exec in what does not run", async () => {
  await using box = await makeBox();
  expect(await box.exec("a", { args: ["true"] })).toMatchObject({ ok: false, op: "exec", code: "ESRCH" });
  await box.create({ args: ["true"] });
  expect(await box.exec("a", { args: ["true"] })).toMatchObject({ ok: false, op: "exec", code: "ESRCH" });
  using session = await connect(box.socket);
  await session.ask(request.wait());
  await session.ask(request.start());
  await session.exit();
  expect(await box.exec("a", { args: ["true"] })).toMatchObject({ ok: false, op: "exec", code: "ESRCH" });
});

testUnless(lacksRoot, "an exec of the same name is refused while there is one", async () => {
  await using box = await makeBox();
  using _ = await box.start({ args: ["sleep", "100"] });
  expect(await box.exec("same", { args: ["true"] })).toMatchObject({ ok: true });
  expect(await box.exec("same", { args: ["true"] })).toMatchObject({ ok: false, op: "mkdir", code: "EEXIST" });
});

testUnless([lacksRoot, lacksController("pids")], "it is in its cgroup before it runs", async () => {
  await using box = await makeBox();
  await using group = makeCgroup("pids");
  using _ = await box.start({ args: ["sleep", "100"], cgroups: [group.procs] });
  const { stdout } = await exec(box, { args: ["cat", "/proc/self/cgroup"], cgroups: [group.procs] });
  expect(stdout).toMatch(new RegExp(`:pids:.*/${basename(group.folder)}\n`));
});

testUnless(lacksRoot, "a monitor of an exec that is killed takes the process along only before it runs", async () => {
  await using box = await makeBox();
  using _ = await box.start({ args: ["sleep", "100"] });
  const waiting = await box.exec("waiting", { args: ["sleep", "77"] });
  if (!waiting.ok) throw new Error(waiting.message);
  process.kill(waiting.monitorPid, "SIGKILL");
  await until("gone", () => isDead(waiting.pid));
  const running = await box.exec("running", { args: ["sleep", "77"] });
  if (!running.ok) throw new Error(running.message);
  using session = await attachAndStart(box.execSocket("running"));
  process.kill(running.monitorPid, "SIGKILL");
  await session.closed;
  await Bun.sleep(100);
  expect(readFileSync(`/proc/${running.pid}/cmdline`, "utf8")).toBe("sleep\x0077\0");
});

/** Gone, or a zombie that nobody waits for. */
const isDead = (pid: number) =>
  !existsSync(`/proc/${pid}`) || /State:\tZ/.test(Bun.spawnSync(["cat", `/proc/${pid}/status`]).stdout.toString());
