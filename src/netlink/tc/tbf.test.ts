import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { delQdisc, newQdisc } from "./qdisc.ts";

const row = await loadGolden(new URL("./tbf.hex", import.meta.url));

test("tc qdisc replace dev v0 root tbf rate 8mbit burst 32k latency 25ms", () => {
  checkGoldenPart(newQdisc, row("replace"), {
    header: { family: 0, index: 3, handle: 0, parent: 4294967295, info: 0 },
    attrs: {
      kind: "tbf",
      data: {
        parms: {
          rate: { cellLog: 3, linklayer: 1, overhead: 0, cellAlign: -1, mpu: 0, rate: 1000000 },
          peakrate: { cellLog: 0, linklayer: 0, overhead: 0, cellAlign: 0, mpu: 0, rate: 0 },
          limit: 57768,
          buffer: 512000,
          mtu: 0,
        },
        burst: 32768,
      },
    },
  });
});

test("tc qdisc replace dev v0 root handle 5: tbf rate 40gbit burst 8m limit 9m", () => {
  checkGoldenPart(newQdisc, row("over 32 bits"), {
    header: { family: 0, index: 3, handle: 327680, parent: 4294967295, info: 0 },
    attrs: {
      kind: "tbf",
      data: {
        parms: {
          rate: { cellLog: 3, linklayer: 1, overhead: 0, cellAlign: -1, mpu: 0, rate: 4294967295 },
          peakrate: { cellLog: 0, linklayer: 0, overhead: 0, cellAlign: 0, mpu: 0, rate: 0 },
          limit: 9437184,
          buffer: 30515,
          mtu: 0,
        },
        burst: 8388608,
        rate64: 5000000000n,
      },
    },
  });
});

test("tc qdisc del dev v0 root", () => {
  checkGolden(delQdisc, row("del"), {
    header: { family: 0, index: 3, handle: 0, parent: 4294967295, info: 0 },
    attrs: {},
  });
});

test("told", () => {
  checkGoldenPart(newQdisc, row("told"), {
    header: { family: 0, index: 3, handle: 2148007936, parent: 4294967295, info: 3 },
    attrs: {
      kind: "tbf",
      data: {
        parms: {
          rate: { cellLog: 0, linklayer: 1, overhead: 0, cellAlign: 0, mpu: 0, rate: 4294967295 },
          peakrate: { cellLog: 0, linklayer: 0, overhead: 0, cellAlign: 0, mpu: 0, rate: 0 },
          limit: 9437184,
          buffer: 26214,
          mtu: 0,
        },
        rate64: 5000000000n,
      },
      hwOffload: 0,
      stats2: {
        basic: { bytes: 0n, packets: 0 },
        queue: { qlen: 0, backlog: 0, drops: 0, requeues: 0, overlimits: 0 },
      },
    },
  });
});
