import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNative } from "../../../native/load.ts";
import { LogFollower } from "./follow.ts";
import { type LogLine, lastLines } from "./read.ts";

const native = loadNative();
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbox-logs-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (n: number): string =>
  `${JSON.stringify({ log: `${n}\n`, stream: n % 2 ? "stdout" : "stderr", time: new Date(n * 1000).toISOString() })}\n`;
const texts = (lines: Iterable<LogLine>): string => [...lines].map(({ log }) => log.trim()).join(" ");

test("rotated files come first, what is half written or no JSON does not come", () => {
  const path = `${folder}/log`;
  writeFileSync(`${path}.2`, line(1));
  writeFileSync(`${path}.1`, `${line(2)}nonsense\n{"log":5}\n`);
  writeFileSync(path, `${line(3)}${line(4)}${line(5).slice(0, 10)}`);
  expect(texts(new LogFollower(native, path).present())).toBe("1 2 3 4");
});

test("the last ones, and those of a span of time", () => {
  const path = `${folder}/log`;
  writeFileSync(path, Array.from({ length: 3000 }, (_, i) => line(i)).join(""));
  const all = () => new LogFollower(native, path).present();
  expect(texts(lastLines(all(), { tail: 2 }))).toBe("2998 2999");
  expect(texts(lastLines(all(), { tail: 0 }))).toBe("");
  expect(texts(lastLines(all(), { since: 5000, until: 7000 }))).toBe("5 6 7");
  expect(lastLines(all(), {})).toHaveLength(3000);
});

test("following sees lines in pieces, a rotation, and the last line before the end", async () => {
  const path = `${folder}/log`;
  writeFileSync(path, line(1));
  const log = new LogFollower(native, path);
  expect(texts(log.present())).toBe("1");
  let round = 0;
  const goesOn = (): boolean => {
    round++;
    if (round === 1) appendFileSync(path, line(2).slice(0, 12));
    if (round === 2) appendFileSync(path, line(2).slice(12) + line(3));
    if (round === 3) {
      appendFileSync(path, line(4));
      renameSync(path, `${path}.1`);
      writeFileSync(path, line(5));
    }
    if (round === 4) appendFileSync(path, line(6));
    return round < 4;
  };
  const seen: LogLine[] = [];
  for await (const entry of log.added(goesOn)) seen.push(entry);
  expect(texts(seen)).toBe("2 3 4 5 6");
});

test("rotated twice between two looks", async () => {
  const path = `${folder}/log`;
  writeFileSync(path, line(1));
  const log = new LogFollower(native, path);
  expect(texts(log.present())).toBe("1");
  const rotate = (n: number): void => {
    appendFileSync(path, line(n));
    if (native.stat(`${path}.1`, false) !== undefined) renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    writeFileSync(path, line(n + 1));
  };
  rotate(2);
  rotate(4);
  expect(texts(log.present())).toBe("2 3 4 5");
});

test("rotated between a file's name and its bytes: nothing is taken for something else", () => {
  const path = `${folder}/log`;
  writeFileSync(path, Array.from({ length: 50 }, (_, i) => line(i)).join(""));
  let reads = 0;
  const files = {
    stat: native.stat,
    readAt: (...args: Parameters<typeof native.readAt>) => {
      if (++reads === 2) {
        appendFileSync(path, line(50));
        renameSync(path, `${path}.1`);
        writeFileSync(path, Array.from({ length: 200 }, (_, i) => line(51 + i)).join(""));
      }
      return native.readAt(...args);
    },
  };
  expect(texts(new LogFollower(files, path).present())).toBe(Array.from({ length: 251 }, (_, i) => i).join(" "));
});

test("no log at all is an empty one", () => {
  expect([...new LogFollower(native, `${folder}/none`).present()]).toEqual([]);
});
