import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { newClass } from "./class.ts";
import { newQdisc } from "./qdisc.ts";

const row = await loadGolden(new URL("./htb.hex", import.meta.url));

test("tc qdisc add dev v0 root handle 1: htb default 30", () => {
  checkGolden(newQdisc, row("qdisc"), {
    header: { family: 0, index: 3, handle: 65536, parent: 4294967295, info: 0 },
    attrs: {
      kind: "htb",
      data: { init: { version: 3, rate2quantum: 10, defaultClass: 48, debug: 0, directPackets: 0 } },
    },
  });
});

test("tc class add dev v0 parent 1: classid 1:30 htb rate 10mbit ceil 20mbit burst 15k cburst 16k prio 3 quantum 3000", () => {
  checkGoldenPart(newClass, row("class"), {
    header: { family: 0, index: 3, handle: 65584, parent: 65536, info: 0 },
    attrs: {
      kind: "htb",
      data: {
        parms: {
          rate: { cellLog: 3, linklayer: 1, overhead: 0, cellAlign: -1, mpu: 0, rate: 1250000 },
          ceil: { cellLog: 3, linklayer: 1, overhead: 0, cellAlign: -1, mpu: 0, rate: 2500000 },
          buffer: 192000,
          cbuffer: 102390,
          quantum: 3000,
          level: 0,
          prio: 3,
        },
      },
    },
  });
});

test("told: qdisc", () => {
  checkGoldenPart(newQdisc, row("told: qdisc"), {
    header: { family: 0, index: 3, handle: 65536, parent: 4294967295, info: 3 },
    attrs: {
      kind: "htb",
      data: {
        init: { version: 196625, rate2quantum: 10, defaultClass: 48, debug: 0, directPackets: 0 },
        directQlen: 1000,
      },
      hwOffload: 0,
      stats2: {
        basic: { bytes: 0n, packets: 0 },
        queue: { qlen: 0, backlog: 0, drops: 0, requeues: 0, overlimits: 0 },
      },
    },
  });
});

test("told: class", () => {
  checkGoldenPart(newClass, row("told: class"), {
    header: { family: 0, index: 3, handle: 65584, parent: 4294967295, info: 0 },
    attrs: {
      kind: "htb",
      data: {
        parms: {
          rate: { cellLog: 0, linklayer: 1, overhead: 0, cellAlign: 0, mpu: 0, rate: 1250000 },
          ceil: { cellLog: 0, linklayer: 1, overhead: 0, cellAlign: 0, mpu: 0, rate: 4294967295 },
          buffer: 192000,
          cbuffer: 0,
          quantum: 125000,
          level: 0,
          prio: 0,
        },
        ceil64: 5000000000n,
      },
      stats2: {
        basic: { bytes: 0n, packets: 0 },
        queue: { qlen: 0, backlog: 0, drops: 0, requeues: 0, overlimits: 0 },
        app: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 238, 2, 0, 0, 0, 0, 0),
      },
    },
  });
});
