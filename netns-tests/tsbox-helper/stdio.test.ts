/** Standard streams, terminal, log, and several clients. */
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { request } from "../../src/tsbox/helper/frames.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { attachAndStart, type Box, connect, makeBox } from "./support/box.ts";

const TERMINAL = { rows: 30, columns: 100 };

interface LogLine {
  readonly log: string;
  readonly stream: string;
  readonly time: string;
}

const readLog = async (path: string): Promise<LogLine[]> =>
  (await readFile(path, "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

testUnless(lacksRoot, "input reaches the program, also much of it, and then its end", async () => {
  await using box = await makeBox();
  using session = await box.start({ args: ["md5sum"], stdin: true });
  const bytes = crypto.getRandomValues(new Uint8Array(65536));
  const hash = new Bun.CryptoHasher("md5");
  for (let i = 0; i < 40; i++) {
    hash.update(bytes);
    session.send(request.stdin(bytes));
  }
  session.send(request.stdinEnd());
  expect((await session.exit()).exitCode).toBe(0);
  expect(session.stdout()).toBe(`${hash.digest("hex")}  -\n`);
});

testUnless(lacksRoot, "input that nobody reads does not hinder the end", async () => {
  await using box = await makeBox();
  using session = await box.start({ args: ["sh", "-c", "exec <&-; echo closed; sleep 0.3; exit 4"], stdin: true });
  await session.until("closed");
  for (let i = 0; i < 10; i++) session.send(request.stdin(new Uint8Array(65536)));
  expect((await session.exit()).exitCode).toBe(4);
});

testUnless(lacksRoot, "without stdin the program reads nothing; without terminal there is none", async () => {
  await using box = await makeBox();
  const { code, stdout, stderr } = await box.run({ args: ["sh", "-c", "cat; tty; echo x >/dev/tty"] });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "not a tty\n" });
  expect(stderr).toContain("/dev/tty");
});

testUnless(lacksRoot, "a large output arrives whole and in order", async () => {
  await using box = await makeBox();
  const { code, stdout } = await box.run({ args: ["seq", "1", "300000"] });
  expect(code).toBe(0);
  expect(Bun.hash(stdout)).toBe(Bun.hash(Array.from({ length: 300_000 }, (_, i) => `${i + 1}\n`).join("")));
});

testUnless(lacksRoot, "a terminal: size, resize, control, echo, interrupt", async () => {
  await using box = await makeBox();
  using session = await box.start({ args: ["sh"], stdin: true, terminal: TERMINAL });
  await session.until("# ");
  const say = (text: string) => session.send(request.stdin(Buffer.from(text)));
  say("tty; stty size; echo $((40+2)); ls -l /dev/console | cut -c1; stat -c %t:%T /dev/console\r");
  await session.until("88:0");
  expect(session.stdout()).toMatch(
    /\/dev\/console\r\n30 100\r\n42\r\nc\r\n88:0\r\n|\/dev\/pts\/0\r\n30 100\r\n42\r\nc\r\n88:0\r\n/,
  );
  session.send(request.resize(11, 22));
  say("stty size\r");
  await session.until("11 22");
  say(`sh -c 'trap "echo inter$((0))rupted" INT; echo go$((1)); sleep 100'\r`);
  await session.until("go1");
  say("\x03");
  await session.until("inter0rupted");
  expect((await session.typeToEnd("exit 9")).exitCode).toBe(9);
  expect(session.stderr()).toBe("");
});

testUnless(lacksRoot, "a terminal belongs to the user", async () => {
  await using box = await makeBox();
  using session = await box.start({
    args: ["sh", "-c", "stat -c '%u:%g %a' $(readlink /proc/self/fd/0); echo direct >/dev/tty"],
    terminal: TERMINAL,
    user: "web",
  });
  await session.exit();
  expect(session.stdout()).toBe("33:5 620\r\ndirect\r\n");
});

testUnless(lacksRoot, "a terminal whose program closes it and opens it again goes on", async () => {
  await using box = await makeBox();
  using session = await box.start({
    args: ["sh", "-c", "exec </dev/null >/dev/null 2>&1; sleep 0.5; exec >/dev/console; echo back"],
    terminal: TERMINAL,
  });
  expect((await session.exit()).exitCode).toBe(0);
  expect(session.stdout()).toBe("back\r\n");
});

testUnless(lacksRoot, "the log has Docker's form: streams apart, long lines in pieces, times that rise", async () => {
  await using box = await makeBox();
  const path = join(box.scratch, "log");
  const script = `echo 'a "quoted" \\ line'; echo err >&2; printf 'no end'; sleep 0.1; printf '\\377\\001'; echo
    head -c 40000 /dev/zero | tr '\\0' x; echo; printf unfinished`;
  await box.run({ args: ["sh", "-c", script], log: { path } });
  const lines = await readLog(path);
  const stdout = lines.filter(({ stream }) => stream === "stdout").map(({ log }) => log);
  expect(stdout.slice(0, 2)).toEqual(['a "quoted" \\ line\n', "no end\ufffd\u0001\n"]);
  expect(stdout.slice(2, -1).map((log) => log.length)).toEqual([16384, 16384, 7233]);
  expect(stdout.at(-2)?.endsWith("x\n")).toBe(true);
  expect(stdout.at(-1)).toBe("unfinished");
  expect(lines.filter(({ stream }) => stream === "stderr").map(({ log }) => log)).toEqual(["err\n"]);
  const times = lines.map(({ time }) => time);
  for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  expect(times.toSorted()).toEqual(times);
  expect(Math.abs(Date.parse(times[0] ?? "") - Date.now())).toBeLessThan(60_000);
  expect((await stat(path)).mode & 0o777).toBe(0o640);
});

testUnless(lacksRoot, "a log is rotated by size and keeps so many files", async () => {
  await using box = await makeBox();
  const path = join(box.scratch, "log");
  await box.run({ args: ["seq", "1", "2000"], log: { path, maxBytes: 20_000, maxFiles: 3 } });
  const files = [`${path}.2`, `${path}.1`, path];
  for (const file of files) expect((await stat(file)).size).toBeLessThanOrEqual(20_000);
  expect(existsSync(`${path}.3`)).toBe(false);
  const numbers = (await Promise.all(files.map(readLog))).flat().map(({ log }) => Number(log));
  expect(numbers.at(-1)).toBe(2000);
  expect(numbers).toEqual(Array.from(numbers, (_, i) => 2000 - numbers.length + 1 + i));
});

testUnless(lacksRoot, "a full disk costs log lines and nothing else, and is told", async () => {
  await using box = await makeBox();
  const place = join(box.scratch, "small");
  const { must } = await import("../support/run.ts");
  await must(["mkdir", place]);
  await must(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place]);
  try {
    const path = join(place, "log");
    const { code, stdout } = await box.run({ args: ["seq", "1", "5000"], log: { path } });
    expect(code).toBe(0);
    expect(stdout.endsWith("\n5000\n")).toBe(true);
    expect((await box.state()).logDropped).toBeGreaterThan(10_000);
    expect((await readLog(path)).length).toBeGreaterThan(100); // every line whole
  } finally {
    await must(["umount", place]);
  }
});

async function startedWithClients(box: Box, script: string) {
  const answer = await box.create({ args: ["sh", "-c", script], stdin: true });
  expect(answer.ok).toBe(true);
  const other = await connect(box.socket);
  await other.ask(request.attach({ output: true }));
  const first = await attachAndStart(box.socket);
  return { first, other };
}

testUnless(
  lacksRoot,
  "several clients see the same, each may send, one that goes does not end the others",
  async () => {
    await using box = await makeBox();
    const { first, other } = await startedWithClients(box, "read a; echo got $a; read b; echo got $b; exit 5");
    using third = await connect(box.socket);
    await third.ask(request.attach({ stdin: true, output: true }));
    third.send(request.stdin(Buffer.from("one\n")));
    for (const session of [first, other, third]) await session.until("got one");
    first.close();
    other.send(request.stdin(Buffer.from("not attached to it\n")));
    third.send(request.stdin(Buffer.from("two\n")));
    expect((await third.exit()).exitCode).toBe(5);
    expect((await other.exit()).exitCode).toBe(5);
    expect(other.stdout()).toBe("got one\ngot two\n");
    other.close();
  },
);

testUnless(lacksRoot, "one that only waits hears of the end and of nothing else", async () => {
  await using box = await makeBox();
  const { first, other } = await startedWithClients(box, "read a; echo out; exit 3");
  using waits = await connect(box.socket);
  await waits.ask(request.wait());
  first.send(request.stdin(Buffer.from("go\n")));
  expect((await waits.exit()).exitCode).toBe(3);
  expect(waits.stdout()).toBe("");
  first.close();
  other.close();
});

testUnless(lacksRoot, "the container waits for a lossless client; a slow other one is dropped", async () => {
  await using box = await makeBox();
  const answer = await box.create({ args: ["sh", "-c", "seq 1 400000; echo done >&2"] });
  expect(answer.ok).toBe(true);
  using lossless = await connect(box.socket);
  await lossless.ask(request.attach({ output: true, lossless: true }));
  using slow = await connect(box.socket);
  await slow.ask(request.attach({ output: true }));
  lossless.pause();
  slow.pause();
  using starter = await connect(box.socket);
  await starter.ask(request.start());
  await Bun.sleep(500);
  expect((await box.state()).status).toBe("running");
  lossless.resume();
  expect((await lossless.exit()).exitCode).toBe(0);
  expect(lossless.stdout().length).toBe(2_688_895);
  slow.resume();
  await slow.closed;
  expect(slow.stdout().length).toBeLessThan(2_000_000);
});

testUnless(lacksRoot, "nonsense on the socket ends that connection only", async () => {
  await using box = await makeBox();
  using session = await box.start({ args: ["sh", "-c", "read x; exit 6"], stdin: true });
  const frame = (type: number, length: number, bytes: number) => {
    const out = new Uint8Array(8 + bytes);
    new Uint32Array(out.buffer, 0, 2).set([type, length]);
    return out;
  };
  using tooLong = await connect(box.socket);
  tooLong.send(frame(5, 0x7fffffff, 100));
  await tooLong.closed;
  using unknown = await connect(box.socket);
  await expect(unknown.ask(frame(77, 4, 4))).rejects.toThrow("unknown");
  for (const type of [1, 3, 8, 10]) await expect(unknown.ask(frame(type, 0, 0))).rejects.toThrow("short");
  await expect(unknown.ask(request.signal(999))).rejects.toThrow("no such signal");
  await expect(unknown.ask(request.start())).rejects.toThrow("started before");
  using cut = await connect(box.socket);
  cut.send(frame(5, 100, 10));
  cut.close();
  // More than it takes at once: the last are turned away.
  const many = await Promise.allSettled(Array.from({ length: 70 }, () => connect(box.socket)));
  for (const one of many) if (one.status === "fulfilled") one.value.close();
  session.send(request.stdin(Buffer.from("x\n")));
  expect((await session.exit()).exitCode).toBe(6);
});
