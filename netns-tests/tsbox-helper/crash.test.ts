/** kill -9 of the launcher and the monitor, at chosen and at random moments (README of native/box, "What is guaranteed"). */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { encodeContainer } from "../../src/tsbox/helper/encode.ts";
import { request } from "../../src/tsbox/helper/frames.ts";
import { must } from "../support/run.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { attachAndStart, BASE, type Box, connect, HELPER, makeBox } from "./support/box.ts";
import { until } from "./support/until.ts";

const KILLS = Number(process.env["TSNET_SOAK_KILLS"] ?? 40);

/** Alive, and no zombie that the runner of these tests does not wait for. */
function isAlive(pid: number): boolean {
  try {
    return !/\nState:\tZ/.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Processes that have anything of the test: its folder in their arguments or its files in mounts of their own. */
function processesOf(box: Box): number[] {
  // What the test itself mounts, others here see too.
  const mountsHere = ofProc(process.pid, "mountinfo");
  const isOurs = (pid: number) => {
    const cmdline = ofProc(pid, "cmdline");
    const mounts = ofProc(pid, "mountinfo");
    // One that is on its way out has no arguments any more.
    return cmdline !== "" && (cmdline + (mounts === mountsHere ? "" : mounts)).includes(box.scratch);
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isAlive(pid) && isOurs(pid));
}

const ofProc = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
};
/** Launcher, monitor, or a container's first process that is not yet its program. */
const isHelper = (pid: number) => ofProc(pid, "cmdline").startsWith(HELPER);
/** Process 1 of a pid namespace. */
const isFirst = (pid: number) => /\nNSpid:.*\t1\n/.test(ofProc(pid, "status"));

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function killMonitor(box: Box): Promise<void> {
  const pid = await box.monitorPid();
  process.kill(pid, "SIGKILL");
  await until("the monitor is dead", () => !isAlive(pid));
}

testUnless(lacksRoot, "a monitor killed before START takes everything along", async () => {
  await using box = await makeBox();
  const answer = await box.create({ args: ["sleep", "100"] });
  if (!answer.ok) throw new Error(answer.message);
  await killMonitor(box);
  await until("the process is gone", () => !isAlive(answer.pid));
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(box.scratch);
  expect(await box.adopt()).toMatchObject({ ok: true, pid: 0, status: "exited" });
  expect(await box.state()).toMatchObject({ status: "exited", exitCode: 255, lost: true, pid: 0, startedAt: "" });
  expect((await box.run({ args: ["echo", "again"] })).stdout).toBe("again\n");
});

const COUNTER = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done";

testUnless(
  lacksRoot,
  "a monitor killed later: the program goes on, adopt gets its output, its end is told as lost",
  async () => {
    await using box = await makeBox();
    const log = join(box.scratch, "log");
    const record = join(box.scratch, "record");
    using session = await box.start({ args: ["sh", "-c", COUNTER], log: { path: log }, record });
    await session.until("\n3\n");
    const pid = await box.pid();
    await killMonitor(box);
    await session.closed;
    await Bun.sleep(200);
    expect(isAlive(pid)).toBe(true);
    expect(await box.adopt()).toMatchObject({ ok: true, pid, status: "running" });
    using second = await connect(box.socket);
    await second.ask(request.attach({ output: true }));
    await second.until("\n40\n");
    await second.ask(request.signal(9));
    expect(await second.exit()).toEqual({
      ...{ type: "exit", exitCode: 255, signal: 0, oomKilled: false, lost: true, willRestart: false },
    });
    expect(await box.state()).toMatchObject({ status: "exited", exitCode: 255, lost: true });
    expect(readFileSync(record, "utf8")).toBe(readFileSync(join(box.dir, "state.json"), "utf8"));
    // Every number once, in order: what was written while there was no monitor waited in the fifo.
    const lines = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => Number(JSON.parse(line).log));
    expect(lines.length).toBeGreaterThanOrEqual(40);
    expect(lines).toEqual(lines.map((_, i) => i + 1));
  },
);

testUnless(lacksRoot, "a program that writes much while there is no monitor waits, and loses nothing", async () => {
  await using box = await makeBox();
  await must(["mkfifo", join(box.rootfs, "tmp/go")]);
  using session = await box.start({
    args: ["sh", "-c", "echo up; read x </tmp/go; seq 1 100000; echo done; sleep 100"],
  });
  await session.until("up");
  await killMonitor(box);
  await must(["timeout", "5", "sh", "-c", 'echo go >"$1"', "sh", join(box.rootfs, "tmp/go")]);
  await Bun.sleep(200);
  expect((await box.adopt()).ok).toBe(true);
  using second = await connect(box.socket);
  await second.ask(request.attach({ output: true, lossless: true }));
  await second.until("done");
  // The first of it may have come between the two.
  const numbers = second.stdout().split("\n").slice(1, -2).map(Number);
  expect(numbers.at(-1)).toBe(100_000);
  expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
});

testUnless(
  lacksRoot,
  "adopt of a container that ended meanwhile makes the record, and restarts what is to be restarted",
  async () => {
    await using box = await makeBox();
    using first = await box.start({ args: ["sleep", "100"] });
    const pid = await box.pid();
    await killMonitor(box);
    process.kill(pid, "SIGKILL");
    await first.closed;
    await until("it is dead", () => !isAlive(pid));
    expect(await box.adopt()).toMatchObject({ ok: true, pid: 0, status: "exited" });
    expect(await box.state()).toMatchObject({ status: "exited", exitCode: 255, lost: true });
    await until("no monitor", async () => !isAlive(await box.monitorPid()));
    using second = await box.start({ args: ["sh", "-c", "echo run; sleep 100"], restart: { name: "on-failure" } });
    await second.until("run");
    const other = await box.pid();
    await killMonitor(box);
    process.kill(other, "SIGKILL");
    await until("it is dead", () => !isAlive(other));
    expect(await box.adopt()).toMatchObject({ ok: true, status: "restarting" });
    await until("it runs again", async () => (await box.state()).status === "running");
    expect(await box.state()).toMatchObject({ restartCount: 1, lost: false });
    using third = await connect(box.socket);
    await third.ask(request.wait());
    await third.ask(request.stop(9));
    expect(await third.exit()).toMatchObject({ exitCode: 137, lost: false });
  },
);

testUnless(lacksRoot, "a monitor killed between two runs: adopt makes the next one", async () => {
  await using box = await makeBox();
  using session = await box.start({ args: ["false"], restart: { name: "on-failure", maxRetries: 6 } });
  for (let i = 0; i < 4; i++) expect(await session.exit()).toMatchObject({ willRestart: true });
  await killMonitor(box); // the next is due in 800 ms
  expect(await box.pid()).toBe(0);
  expect(await box.exec("e", { args: ["true"] })).toMatchObject({ ok: false, code: "ESRCH" });
  expect(await box.adopt()).toMatchObject({ ok: true, pid: 0, status: "restarting" });
  using second = await connect(box.socket);
  await second.ask(request.wait());
  for (const willRestart of [true, true, false])
    expect(await second.exit()).toMatchObject({ exitCode: 1, lost: false, willRestart });
  expect(await box.state()).toMatchObject({ status: "exited", restartCount: 6 });
  expect(existsSync(join(box.dir, "pid"))).toBe(false);
});

testUnless(lacksRoot, "another process with the pid of the lost one is not taken for it", async () => {
  await using box = await makeBox();
  using _ = await box.start({ args: ["sleep", "100"] });
  const pid = await box.pid();
  await killMonitor(box);
  process.kill(pid, "SIGKILL");
  const stranger = Bun.spawn(["sleep", "100"]);
  await Bun.write(join(box.dir, "pid"), `${stranger.pid} 1 0 1700000000000000000\n`);
  expect(await box.adopt()).toMatchObject({ ok: true, pid: 0, status: "exited" });
  expect(isAlive(stranger.pid)).toBe(true);
  expect(await box.exec("e", { args: ["true"] })).toMatchObject({ ok: false, code: "ESRCH" });
  stranger.kill("SIGKILL");
});

testUnless(lacksRoot, "a terminal hangs up when its monitor is killed", async () => {
  await using box = await makeBox();
  using session = await box.start({ args: ["sleep", "100"], terminal: { rows: 24, columns: 80 }, init: true });
  const pid = await box.pid();
  await killMonitor(box);
  await session.closed;
  await until("it has ended", () => !isAlive(pid));
  expect(await box.adopt()).toMatchObject({ ok: true, pid: 0, status: "exited" });
});

testUnless(
  lacksRoot,
  "kill -9 of launcher or monitor at a random moment leaves nothing, or a container that adopt gets hold of",
  async () => {
    await using box = await makeBox();
    await mkdir(join(box.scratch, "place"));
    const [upper, work] = ["upper", "work"].map((name) => join(box.scratch, name));
    for (const path of [upper, work]) await mkdir(path ?? "");
    const config = encodeContainer({
      ...BASE,
      root: { path: join(box.scratch, "place") },
      overlay: { lower: [box.rootfs], upper, work },
      args: ["sleep", "100"],
    });
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    const outcomes = { nothing: 0, created: 0, running: 0 };
    for (let i = 0; i < KILLS; i++) {
      const launcher = Bun.spawn([HELPER, "create", box.dir], { stdin: config, stdout: "pipe", stderr: "ignore" });
      const starts = Math.random() < 0.5;
      const starting = starts
        ? launcher.exited
            .then(() => attachAndStart(box.socket))
            .then(
              (session) => session,
              () => undefined,
            )
        : undefined;
      await Bun.sleep(Math.random() * 40);
      const monitor = Number(existsSync(join(box.dir, "monitor.lock")) && (await box.monitorPid().catch(() => 0)));
      for (const pid of [Math.random() < 0.3 ? launcher.pid : 0, monitor])
        if (pid > 0 && isAlive(pid)) killIfThere(pid);
      await launcher.exited;
      const session = await starting;
      session?.close();
      // A monitor that was just being made is killed as well, with its child.
      await until("launcher, monitor and child are gone", () => {
        const left = processesOf(box).filter((pid) => isHelper(pid));
        for (const pid of left) if (!isFirst(pid)) killIfThere(pid);
        return left.length === 0;
      });
      const alive = processesOf(box);
      const state = existsSync(join(box.dir, "pid")) ? readFileSync(join(box.dir, "pid"), "utf8") : "";
      if (alive.length === 0) outcomes[state.endsWith(" 0\n") ? "created" : "nothing"]++;
      else {
        outcomes.running++;
        const answer = await box.adopt();
        if (!answer.ok) throw new Error(answer.message);
        expect(alive).toEqual([answer.pid]);
        using adopted = await connect(box.socket);
        await adopted.ask(request.wait());
        await adopted.ask(request.stop(9));
        await adopted.exit();
      }
      await until("nothing of it is left", () => processesOf(box).length === 0);
      expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(mounts);
    }
    console.log(`kills: ${JSON.stringify(outcomes)}`);
    expect(outcomes.running).toBeGreaterThan(0);
    expect(outcomes.created + outcomes.nothing).toBeGreaterThan(0);
  },
);

testUnless(lacksRoot, "a full disk is a clear error and leaves nothing", async () => {
  await using box = await makeBox();
  await must(["mount", "-t", "tmpfs", "-o", "size=8k,mode=700", "tmpfs", box.dir]);
  try {
    await Bun.write(join(box.dir, "ballast"), new Uint8Array(8192)).catch(() => undefined);
    expect(await box.create({ args: ["true"] })).toMatchObject({ ok: false, exitCode: 125, code: "ENOSPC" });
    expect(processesOf(box)).toEqual([]);
  } finally {
    await must(["umount", box.dir]);
  }
});

/** Looks at all processes at once after each answer: within the shell, so that nothing has time to end meanwhile. */
const FAIL_AND_LOOK = `for i in $(seq 100); do
  "$HELPER" create "$DIR" <"$CONFIG" >"$CONFIG.answer"
  echo "exit $?"
  for p in /proc/[0-9]*/cmdline; do
    args=
    read -r args <"$p"
    case "$args" in *"$DIR"*) echo "left: $args" ;; esac
  done 2>/dev/null
done`;

testUnless(lacksRoot, "a create that fails has left no process when it answers", async () => {
  await using box = await makeBox();
  const config = join(box.scratch, "config");
  await Bun.write(config, encodeContainer({ ...BASE, root: { path: box.rootfs }, args: ["/none"] }));
  const env = { HELPER, DIR: box.dir, CONFIG: config };
  const lines = (await must(["sh", "-c", FAIL_AND_LOOK], { env })).trim().split("\n");
  expect(lines.filter((line) => line !== "exit 127")).toEqual([]);
  expect(lines.length).toBe(100);
});
