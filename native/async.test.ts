import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { isSystemError, loadNative } from "./load.ts";

/** The forms that run on threads of the addon's own. */

const native = loadNative();
const folder = fs.mkdtempSync("/tmp/tsnet-async-");
const netnsPath = `${folder}/t${randomBytes(4).toString("hex")}`;
const FORWARD = "net/ipv4/ip_forward";
let netns = -1;

beforeAll(() => {
  native.netnsCreate(netnsPath);
  netns = native.netnsOpen(netnsPath);
});

afterAll(() => {
  native.closeFd(netns);
  native.netnsDelete(netnsPath);
  fs.rmSync(folder, { recursive: true });
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (e) {
    return isSystemError(e) ? e.code : String(e);
  }
  return "no error";
}

/** RTM_GETLINK with NLM_F_REQUEST | NLM_F_DUMP. */
function dumpRequest(seq: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(32));
  view.setUint32(0, 32, true);
  view.setUint16(4, 18, true);
  view.setUint16(6, 0x301, true);
  view.setUint32(8, seq, true);
  return new Uint8Array(view.buffer);
}

/** Number and target of each, so that those opened since can be told from what others close meanwhile. */
function descriptors(): Set<string> {
  const found = fs.readdirSync("/proc/self/fd").map((fd) => `${fd} ${linkOf(fd)}`);
  return new Set(found.filter((fd) => !fd.endsWith(" gone")));
}

/** The one that reads the folder is closed again by then. */
function linkOf(fd: string): string {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "gone";
  }
}

/** Those opened since `before` and left open, when at most `allowed` stay; waits a while for those being closed. */
async function opened(before: Set<string>, allowed = 0): Promise<string[]> {
  for (let i = 0; ; i++) {
    const left = [...descriptors()].filter((fd) => !before.has(fd));
    if (left.length <= allowed || i === 400) return left;
    await Bun.sleep(5);
  }
}

const threads = () => fs.readdirSync("/proc/self/task").length;

test("sysctl in the namespace, while this thread stays where it is", async () => {
  await native.sysctlSetAsync(netns, FORWARD, "1");
  expect(await native.sysctlGetAsync(netns, FORWARD)).toBe("1");
  await native.sysctlSetAsync(netns, FORWARD, "0");
  expect(await native.sysctlGetAsync(netns, FORWARD)).toBe("0");
  expect(await codeOf(native.sysctlGetAsync(netns, "net/none"))).toBe("ENOENT");
  expect(await codeOf(native.sysctlSetAsync(netns, FORWARD, "many"))).toBe("EINVAL");
  expect(await codeOf(native.sysctlGetAsync(9999, FORWARD))).toBe("EBADF");
  expect(await native.sysctlGetAsync(-1, FORWARD)).toBe(native.sysctlGet(-1, FORWARD));
});

test("a failure that comes before the call has returned is still a failure", async () => {
  for (let i = 0; i < 2000; i++) expect(await codeOf(native.sysctlGetAsync(netns, "net/none"))).toBe("ENOENT");
});

test("an exchange keeps a copy of its request and of its socket", async () => {
  const socket = native.netlinkOpen(0, netns);
  const request = dumpRequest(7);
  const pending = native.netlinkExchangeAsync(socket, request, 2000);
  request.fill(0xff);
  native.closeFd(socket);
  const answer = await pending;
  expect(new DataView(answer.buffer).getUint32(8, true)).toBe(7);
  expect(await codeOf(native.netlinkExchangeAsync(socket, dumpRequest(8), 2000))).toBe("EBADF");
});

test("exchanges on one socket at once do not take each other's answers", async () => {
  const socket = native.netlinkOpen(0, netns);
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, i) => native.netlinkExchangeAsync(socket, dumpRequest(100 + i), 5000)),
  );
  native.closeFd(socket);
  expect(answers.map((answer) => new DataView(answer.buffer).getUint32(8, true))).toEqual(
    Array.from({ length: 30 }, (_, i) => 100 + i),
  );
});

test("receive times out, and is cancelled when its socket is closed", async () => {
  const socket = native.netlinkOpen(0, netns);
  expect(await native.netlinkReceiveAsync(socket, 20)).toBeUndefined();
  const pending = codeOf(native.netlinkReceiveAsync(socket, -1));
  await Bun.sleep(20);
  native.closeFd(socket);
  expect(await pending).toBe("ECANCELED");
  expect(await codeOf(native.netlinkReceiveAsync(socket, -1))).toBe("EBADF");
});

test("waiting for a lock does not stop the event loop", async () => {
  const path = `${folder}/lock`;
  const held = native.lockFile(path, 0);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  expect(await codeOf(native.lockFileAsync(path, 100))).toBe("ETIMEDOUT");
  const waiting = native.lockFileAsync(path, 5000);
  await Bun.sleep(30);
  native.closeFd(held);
  native.closeFd(await waiting);
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(1);
});

const none = new Uint8Array();

test("programs run beside the event loop, and keep a copy of their input", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const stdin = new TextEncoder().encode("in");
  const pending = native.runAsync("/bin/sh", ["-c", "sleep 0.1; cat"], [], undefined, stdin, 20_000, 100);
  stdin.fill(0);
  expect(new TextDecoder().decode((await pending).stdout)).toBe("in");
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(1);
  expect(await codeOf(native.runAsync("/none", [], [], undefined, none, -1, 0))).toBe("ENOENT");
});

test("our programs and those of the runtime do not take each other's exit status", async () => {
  const before = descriptors();
  const codes = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const script = ["-c", `sleep 0.0${i % 3}; exit ${i}`];
      if (i % 2 === 0) return await Bun.spawn(["/bin/sh", ...script]).exited;
      return (await native.runAsync("/bin/sh", script, ["PATH=/bin"], undefined, none, 20_000, 100)).exitCode;
    }),
  );
  expect(codes).toEqual(Array.from({ length: 60 }, (_, i) => i));
  expect((await opened(before, 2)).length).toBeLessThanOrEqual(2); // the runtime may keep one to wait for its own
});

test("100 at once, and nothing is left behind", async () => {
  const before = descriptors();
  // The runtime may start a few threads of its own meanwhile (garbage collector, compilers).
  const mostThreads = threads() + 5;
  const values = await Promise.all(Array.from({ length: 100 }, () => native.sysctlGetAsync(netns, FORWARD)));
  expect(values).toEqual(Array.from({ length: 100 }, () => "0"));
  const path = `${folder}/many`;
  let most = 0;
  let holders = 0;
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const lock = await native.lockFileAsync(path, 20_000);
      most = Math.max(most, ++holders);
      await Promise.resolve();
      holders--;
      native.closeFd(lock);
    }),
  );
  expect(most).toBe(1);
  for (let i = 0; i < 100 && threads() > mostThreads; i++) await Bun.sleep(5);
  expect(await opened(before)).toEqual([]);
  expect(threads()).toBeLessThanOrEqual(mostThreads);
});

/** Runs a script in a process of its own. */
async function run(script: string): Promise<{ out: string; code: number; ms: number }> {
  const start = performance.now();
  const child = Bun.spawn(
    [process.execPath, "-e", `import { loadNative } from "${import.meta.dir}/load.ts";\n${script}`],
    {
      stdout: "pipe",
      stderr: "inherit",
      timeout: 20_000,
    },
  );
  const out = await new Response(child.stdout).text();
  return { out, code: await child.exited, ms: performance.now() - start };
}

test("a process waits for its calls and then ends by itself", async () => {
  const { out, code, ms } = await run(`
    const n = loadNative();
    for (let i = 0; i < 100; i++) n.sysctlGetAsync(-1, "${FORWARD}").then(() => n.writeAll(1, new Uint8Array([46])));
  `);
  expect([out, code]).toEqual([".".repeat(100), 0]);
  expect(ms).toBeLessThan(10_000);
});

test("process.exit ends a process at once, whatever is pending", async () => {
  const { code, ms } = await run(`
    const n = loadNative();
    const s = n.netlinkOpen(0, -1);
    for (let i = 0; i < 100; i++) n.sysctlGetAsync(-1, "${FORWARD}");
    for (let i = 0; i < 10; i++) n.netlinkReceiveAsync(s, -1);
    n.lockFile("${folder}/exit", 0);
    for (let i = 0; i < 10; i++) n.lockFileAsync("${folder}/exit", 60_000);
    process.exit(7);
  `);
  expect(code).toBe(7);
  expect(ms).toBeLessThan(10_000);
});

test("process.exit from inside a settled call, while others finish", async () => {
  for (let i = 0; i < 5; i++) {
    const { code } = await run(`
      const n = loadNative();
      const all = Array.from({ length: 100 }, () => n.sysctlGetAsync(-1, "${FORWARD}"));
      await all[${i * 10}];
      process.exit(3);
    `);
    expect(code).toBe(3);
  }
});

test("a worker that is terminated in the middle takes nothing with it", async () => {
  const { out, code } = await run(`
    const n = loadNative();
    const source = \`const { loadNative } = await import("${import.meta.dir}/load.ts"); const n = loadNative();
      for (let i = 0; i < 50; i++) n.sysctlGetAsync(-1, "${FORWARD}");
      n.netlinkReceiveAsync(n.netlinkOpen(0, -1), 100);
      postMessage(1);\`;
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(URL.createObjectURL(new Blob([source])));
      await new Promise((done) => { worker.onmessage = done; });
      worker.terminate();
    }
    await Bun.sleep(200);
    n.writeAll(1, new TextEncoder().encode(await n.sysctlGetAsync(-1, "kernel/ostype")));
  `);
  expect([out, code]).toEqual(["Linux", 0]);
}, 20_000);
