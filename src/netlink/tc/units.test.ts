import { expect, test } from "bun:test";
import { loadGolden } from "../wire/golden.ts";
import { newClass } from "./class.ts";
import { formatHandle, parseHandle } from "./handle.ts";
import { htbClass, htbQdisc } from "./htb.ts";
import { newQdisc } from "./qdisc.ts";
import { bytesOfTicks, rateOf, ticksOf } from "./rate.ts";
import { tbfOptions } from "./tbf.ts";

const tbfRow = await loadGolden(new URL("./tbf.hex", import.meta.url));
const htbRow = await loadGolden(new URL("./htb.hex", import.meta.url));

test("handles are hexadecimal, as in tc(8)", () => {
  for (const [text, number] of [
    ["1:", 0x10000],
    ["1:30", 0x10030],
    ["ffff:fff3", 0xffff_fff3],
    ["8001:", 0x8001_0000],
    ["root", 0xffff_ffff],
    ["ingress", 0xffff_fff1],
  ] as const) {
    expect(parseHandle(text)).toBe(number);
    expect(formatHandle(number)).toBe(text);
  }
  for (const text of ["", "1", ":1", "12345:", "1:12345", "x:", "1:1:1"])
    expect(() => parseHandle(text)).toThrow(TypeError);
});

test("a token bucket has the limits that tc(8) computes", () => {
  const theirs = newQdisc.decode(tbfRow("replace")).attrs;
  if (theirs.kind !== "tbf") throw new Error("no tbf");
  const ours = tbfOptions({ rateBytesPerSec: 1e6, burstBytes: 32_768, latencyMs: 25 });
  expect(ours.burst).toBe(theirs.data?.burst);
  expect(ours.parms).toMatchObject({
    limit: theirs.data?.parms?.limit,
    buffer: theirs.data?.parms?.buffer,
    rate: { rate: theirs.data?.parms?.rate.rate, linklayer: theirs.data?.parms?.rate.linklayer },
  });
  expect(() => tbfOptions({ rateBytesPerSec: 1e6, burstBytes: 1 })).toThrow(RangeError);
});

test("a class has the buffers that tc(8) computes", () => {
  const theirs = newClass.decode(htbRow("class")).attrs;
  if (theirs.kind !== "htb") throw new Error("no htb");
  const { parms } = htbClass({
    rateBytesPerSec: 1_250_000,
    ceilBytesPerSec: 2_500_000,
    burstBytes: 15 * 1024,
    cburstBytes: 16 * 1024,
    prio: 3,
    quantumBytes: 3000,
  });
  const { buffer, cbuffer, quantum, prio } = theirs.data?.parms ?? {};
  expect(parms).toMatchObject({ buffer, quantum, prio });
  // tc(8) cuts times to whole microseconds, 15.6 ticks.
  expect(Math.abs((parms?.cbuffer ?? 0) - (cbuffer ?? 0))).toBeLessThan(16);
  const qdisc = newQdisc.decode(htbRow("qdisc")).attrs;
  expect(qdisc.data).toMatchObject(htbQdisc(0x30));
});

test("a rate over 32 bits stands in the wide attribute", () => {
  expect(rateOf(5e9)).toEqual({ spec: { linklayer: 1, rate: 0xffff_ffff }, rate64: 5_000_000_000n });
  expect(rateOf(1e6).rate64).toBeUndefined();
  for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => rateOf(bad)).toThrow(RangeError);
});

test("ticks and bytes turn into each other", () => {
  expect(ticksOf(32_768, 1e6)).toBe(512_000);
  expect(bytesOfTicks(512_000, 1e6)).toBe(32_768);
  expect(() => ticksOf(1e9, 1)).toThrow(RangeError);
});
