import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { delFilter, getFilter, newFilter } from "./filter.ts";

const row = await loadGolden(new URL("./u32.hex", import.meta.url));

test("tc filter add dev v0 parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev ifb7", () => {
  checkGolden(newFilter, row("redirect all"), {
    header: { family: 0, index: 3, handle: 0, parent: 4294901760, info: 768 },
    attrs: {
      kind: "u32",
      data: {
        actions: [
          {
            kind: "mirred",
            data: { parms: { index: 0, capab: 0, action: 4, refcnt: 0, bindcnt: 0, eaction: 1, ifindex: 4 } },
          },
        ],
        selector: {
          flags: 1,
          offShift: 0,
          offMask: 0,
          off: 0,
          offOff: 0,
          hashOff: 0,
          hashMask: 0,
          keys: [{ mask: 0, value: 0, off: 0, offMask: 0 }],
        },
      },
    },
  });
});

test("tc filter add dev v0 parent ffff: protocol ip prio 7 u32 match ip dst 10.1.0.0/16 match ip dport 80 0xffff flowid 1:30 action mirred ingress mirror dev v0", () => {
  checkGolden(newFilter, row("match"), {
    header: { family: 0, index: 3, handle: 0, parent: 4294901760, info: 458760 },
    attrs: {
      kind: "u32",
      data: {
        classId: 65584,
        actions: [
          {
            kind: "mirred",
            data: { parms: { index: 0, capab: 0, action: 3, refcnt: 0, bindcnt: 0, eaction: 4, ifindex: 3 } },
          },
        ],
        selector: {
          flags: 1,
          offShift: 0,
          offMask: 0,
          off: 0,
          offOff: 0,
          hashOff: 0,
          hashMask: 0,
          keys: [
            { mask: 4294901760, value: 167837696, off: 16, offMask: 0 },
            { mask: 65535, value: 80, off: 20, offMask: 0 },
          ],
        },
      },
    },
  });
});

test("tc filter del dev v0 parent ffff:", () => {
  checkGolden(delFilter, row("del"), {
    header: { family: 0, index: 3, handle: 0, parent: 4294901760, info: 0 },
    attrs: {},
  });
});

test("tc filter show dev v0 parent ffff:", () => {
  checkGolden(getFilter, row("dump"), {
    header: { family: 0, index: 3, handle: 0, parent: 4294901760, info: 0 },
    attrs: {},
  });
});

test("told", () => {
  checkGoldenPart(newFilter, row("told"), {
    header: { family: 0, index: 3, handle: 2147485696, parent: 4294901760, info: 458760 },
    attrs: {
      kind: "u32",
      chain: 0,
      data: {
        selector: {
          flags: 1,
          offShift: 0,
          offMask: 0,
          off: 0,
          offOff: 0,
          hashOff: 0,
          hashMask: 0,
          keys: [{ mask: 65535, value: 80, off: 20, offMask: 0 }],
        },
        hash: 2147483648,
        flags: 8,
        actions: [
          {
            kind: "mirred",
            stats: {
              basic: { bytes: 0n, packets: 0 },
              basicHw: { bytes: 0n, packets: 0 },
              queue: { qlen: 0, backlog: 0, drops: 0, requeues: 0, overlimits: 0 },
            },
            inHwCount: 0,
            data: {
              parms: { index: 1, capab: 0, action: 4, refcnt: 1, bindcnt: 1, eaction: 1, ifindex: 4 },
              times: { installCs: 2n, lastUseCs: 2n, expiresCs: 0n, firstUseCs: 0n },
            },
          },
        ],
      },
    },
  });
});
