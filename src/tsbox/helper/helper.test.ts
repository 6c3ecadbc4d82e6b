import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerConfig } from "./config.ts";
import { ConfigError, encodeContainer, encodeExec } from "./encode.ts";
import { EventReader, FrameError, MAX_PAYLOAD, request } from "./frames.ts";
import { parseAnswer, parsePidFile, parseState, RecordError } from "./records.ts";
import { RECORDS } from "./schema.ts";

const CAPABILITIES = { bounding: 1n << 40n, effective: 2n, permitted: 3n, inheritable: 0n, ambient: 0n };
const CONFIG: ContainerConfig = {
  namespaces: [{ kind: "mnt" }],
  root: { path: "/r" },
  args: ["sh"],
  env: [],
  capabilities: CAPABILITIES,
};

interface Decoded {
  readonly tag: number;
  readonly payload: Uint8Array;
}

function decode(bytes: Uint8Array): Decoded[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expect(Buffer.from(bytes.subarray(0, 8)).toString()).toBe("tsboxcf1");
  expect(view.getUint32(8, true)).toBe(bytes.length - 16);
  expect(view.getUint32(12, true)).toBe(0);
  const records: Decoded[] = [];
  for (let at = 16; at < bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    records.push({ tag: view.getUint16(at, true), payload: bytes.slice(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  return records;
}

const payloadOf = (bytes: Uint8Array, name: keyof typeof RECORDS): string[] =>
  decode(bytes)
    .filter(({ tag }) => tag === RECORDS[name].tag)
    .map(({ payload }) => Buffer.from(payload).toString("latin1"));

describe("the helper's configuration", () => {
  test("TypeScript and C have the same table of records", () => {
    const source = readFileSync(join(import.meta.dir, "../../../native/box/schema.def"), "utf8");
    const lines = [...source.matchAll(/^RECORD\((\w+), (\d+), (\d+), (\w+), \w+, \w+\)$/gm)];
    const strings = (word: string) =>
      word === "BYTES" ? "bytes" : word === "AT_LEAST_3" ? "at least 3" : Number(word);
    expect(
      lines.map(([, name, tag, scalars, words]) => [
        name,
        { tag: Number(tag), scalars: Number(scalars), strings: strings(words ?? "") },
      ]),
    ).toEqual(Object.entries(RECORDS));
  });

  test("records are scalars, then NUL-terminated strings", () => {
    const bytes = encodeContainer({
      ...CONFIG,
      mounts: [{ kind: "fs", source: "proc", target: "/proc", type: "proc", flags: ["ro", "nosuid"] }],
      oomScoreAdj: -1,
      rlimits: [{ resource: "nofile", soft: 1024, hard: -1 }],
    });
    const u64 = (...numbers: bigint[]) => Buffer.from(new BigUint64Array(numbers).buffer).toString("latin1");
    expect(payloadOf(bytes, "MOUNT")).toEqual([`${u64(0n, 3n, 0n, 0n)}proc\0/proc\0proc\0\0`]);
    expect(payloadOf(bytes, "OOM_SCORE_ADJ")).toEqual([u64(0xffff_ffff_ffff_ffffn)]);
    expect(payloadOf(bytes, "RLIMIT")).toEqual([u64(7n, 1024n, 0xffff_ffff_ffff_ffffn)]);
    expect(payloadOf(bytes, "CAPABILITIES")).toEqual([u64(1n << 40n, 2n, 3n, 0n, 0n)]);
  });

  test("options of container and exec are bits of one record", () => {
    const process = { ...CONFIG, stdin: true, terminal: { rows: 1, columns: 2 } };
    expect(payloadOf(encodeContainer({ ...process, init: true }), "OPTIONS")[0]?.charCodeAt(0)).toBe(2 | 4 | 16);
    expect(payloadOf(encodeContainer({ ...process, loopback: true }), "OPTIONS")[0]?.charCodeAt(0)).toBe(2 | 4 | 64);
    const atEnd = { args: ["/x"], env: [], onlyAlone: true };
    expect(payloadOf(encodeContainer({ ...process, atEnd }), "OPTIONS")[0]?.charCodeAt(0)).toBe(2 | 4 | 128);
    expect(payloadOf(encodeExec({ ...process, killWithClient: true }), "OPTIONS")[0]?.charCodeAt(0)).toBe(2 | 4 | 32);
  });

  test("a NUL within a string and too long a configuration are refused", () => {
    expect(() => encodeContainer({ ...CONFIG, args: ["a\0b"] })).toThrow(ConfigError);
    expect(() => encodeContainer({ ...CONFIG, env: ["x".repeat(1 << 20)] })).toThrow(ConfigError);
    expect(() => encodeContainer({ ...CONFIG, env: Array<string>(9000).fill("a=b") })).toThrow(ConfigError);
  });
});

describe("the monitor's frames", () => {
  const event = (type: number, payload: Uint8Array) =>
    Buffer.concat([Buffer.from(new Uint32Array([type, payload.length]).buffer), payload]);

  test("events are read however the bytes are cut", () => {
    const all = Buffer.concat([
      event(101, new Uint8Array()),
      event(103, Buffer.from("out")),
      event(102, Buffer.concat([Buffer.from(new Uint32Array([127, 2]).buffer), Buffer.from("no")])),
      event(105, Buffer.from(new Uint32Array([137, 9, 5]).buffer)),
    ]);
    for (let step = 1; step <= all.length; step++) {
      const reader = new EventReader();
      const events = [];
      for (let at = 0; at < all.length; at += step) events.push(...reader.push(all.subarray(at, at + step)));
      expect(events).toEqual([
        { type: "ok" },
        { type: "stdout", bytes: new Uint8Array(Buffer.from("out")) },
        { type: "error", exitCode: 127, errno: 2, text: "no" },
        { type: "exit", exitCode: 137, signal: 9, oomKilled: true, lost: false, willRestart: true },
      ]);
    }
  });

  test("what no monitor sends is an error", () => {
    expect(() => new EventReader().push(event(7, new Uint8Array()))).toThrow(FrameError);
    expect(() => new EventReader().push(event(105, new Uint8Array(4)))).toThrow(FrameError);
    expect(() => new EventReader().push(new Uint8Array(new Uint32Array([103, MAX_PAYLOAD + 1]).buffer))).toThrow(
      FrameError,
    );
  });

  test("long input is cut into frames", () => {
    const bytes = request.stdin(new Uint8Array(MAX_PAYLOAD + 5).fill(7));
    expect(bytes.length).toBe(MAX_PAYLOAD + 5 + 16);
    expect([...new Uint32Array(bytes.slice(0, 8).buffer)]).toEqual([5, MAX_PAYLOAD]);
    expect([...new Uint32Array(bytes.slice(8 + MAX_PAYLOAD, 16 + MAX_PAYLOAD).buffer)]).toEqual([5, 5]);
  });
});

describe("what the helper writes", () => {
  const STATE = {
    ...{ version: 1, status: "exited", pid: 0, starttime: 0, monitorPid: 3, monitorStarttime: 4, bootId: "b" },
    ...{ createdAt: "c", startedAt: "s", finishedAt: "f", exitCode: 137, signal: 9, oomKilled: true, oomKills: 1 },
    ...{ lost: false, manualStop: false, restartCount: 2, error: null, logDropped: 0, warnings: ["w"] },
  };

  test("a state is read field by field", () => {
    expect(parseState(JSON.stringify(STATE))).toEqual(STATE as ReturnType<typeof parseState>);
  });

  test("a state that was cut, or lacks a field, is an error", () => {
    const text = JSON.stringify(STATE);
    expect(() => parseState(text.slice(0, -1))).toThrow(RecordError);
    expect(() => parseState("")).toThrow(RecordError);
    for (const name of ["status", "pid", "bootId", "warnings", "exitCode"])
      expect(() => parseState(JSON.stringify({ ...STATE, [name]: undefined }))).toThrow(RecordError);
    expect(() => parseState(JSON.stringify({ ...STATE, pid: 1.5 }))).toThrow(RecordError);
  });

  test("answers are successes or failures", () => {
    expect(
      parseAnswer('{"ok":true,"pid":4,"starttime":5,"monitorPid":6,"status":"created","warnings":[]}\n'),
    ).toMatchObject({ ok: true, pid: 4 });
    expect(
      parseAnswer(
        '{"ok":false,"exitCode":127,"op":"execve","errno":2,"code":"ENOENT","path":"/x","message":"m","warnings":[]}',
      ),
    ).toMatchObject({ ok: false, exitCode: 127, path: "/x" });
    expect(() => parseAnswer('{"ok":false}')).toThrow(RecordError);
  });

  test("the file pid is four numbers or nothing", () => {
    expect(parsePidFile("12 34 0 1700000000123456789\n")).toEqual({
      pid: 12,
      starttime: 34,
      restartCount: 0,
      startedNs: 1700000000123456789n,
    });
    for (const text of ["", "12 34 0 1", "0 34 0 1\n", "12 34 0 1\n\n", "-1 3 0 1\n", "12 34 0 1 5\n"])
      expect(parsePidFile(text)).toBeUndefined();
  });
});
