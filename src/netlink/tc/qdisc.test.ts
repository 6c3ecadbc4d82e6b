import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { getQdisc, newQdisc } from "./qdisc.ts";

const row = await loadGolden(new URL("./qdisc.hex", import.meta.url));

test("tc qdisc add dev v0 ingress", () => {
  checkGolden(newQdisc, row("ingress"), {
    header: { family: 0, index: 3, handle: 4294901760, parent: 4294967281, info: 0 },
    attrs: { kind: "ingress" },
  });
});

test("tc qdisc add dev v0 clsact", () => {
  checkGolden(newQdisc, row("clsact"), {
    header: { family: 0, index: 3, handle: 4294901760, parent: 4294967281, info: 0 },
    attrs: { kind: "clsact" },
  });
});

test("tc qdisc add dev v0 root fq_codel limit 1000", () => {
  checkGolden(newQdisc, row("fq_codel"), {
    header: { family: 0, index: 3, handle: 0, parent: 4294967295, info: 0 },
    attrs: { kind: "unknown", data: Uint8Array.of(8, 0, 2, 0, 232, 3, 0, 0), kindName: "fq_codel" },
  });
});

test("tc qdisc show dev v0", () => {
  checkGolden(getQdisc, row("dump"), { header: { family: 0, index: 3, handle: 0, parent: 0, info: 0 }, attrs: {} });
});

test("told: pfifo_fast", () => {
  checkGoldenPart(newQdisc, row("told: pfifo_fast"), {
    header: { family: 0, index: 4, handle: 0, parent: 4294967295, info: 2 },
    attrs: {
      kind: "pfifo_fast",
      data: { bands: 3, priorityMap: Uint8Array.of(1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1) },
      hwOffload: 0,
      stats2: {
        basic: { bytes: 70n, packets: 1 },
        queue: { qlen: 0, backlog: 0, drops: 0, requeues: 0, overlimits: 0 },
      },
    },
  });
});

test("told: noqueue", () => {
  checkGoldenPart(newQdisc, row("told: noqueue"), {
    header: { family: 0, index: 1, handle: 0, parent: 4294967295, info: 2 },
    attrs: {
      kind: "noqueue",
      hwOffload: 0,
      stats2: {
        basic: { bytes: 0n, packets: 0 },
        queue: { qlen: 0, backlog: 0, drops: 0, requeues: 0, overlimits: 0 },
      },
    },
  });
});

test("told: ingress", () => {
  checkGoldenPart(newQdisc, row("told: ingress"), {
    header: { family: 0, index: 3, handle: 4294901760, parent: 4294967281, info: 1 },
    attrs: {
      kind: "ingress",
      data: {},
      hwOffload: 0,
      stats2: {
        basic: { bytes: 0n, packets: 0 },
        queue: { qlen: 0, backlog: 0, drops: 0, requeues: 0, overlimits: 0 },
      },
    },
  });
});
