import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { delNeigh, getNeigh, newNeigh } from "./neigh.ts";

const row = await loadGolden(new URL("./neigh.hex", import.meta.url));

test("ip neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 nud permanent dev v0", () => {
  checkGolden(newNeigh, row("add"), {
    header: { family: 2, index: 3, state: 128, flags: 0, type: 0 },
    attrs: { dst: "10.1.0.9", lladdr: "02:00:00:00:00:09" },
  });
});

test("ip neigh add proxy fd00::9 dev v0", () => {
  checkGolden(newNeigh, row("proxy"), {
    header: { family: 10, index: 3, state: 128, flags: 8, type: 0 },
    attrs: { dst: "fd00::9" },
  });
});

test("ip neigh del 10.1.0.9 dev v0", () => {
  checkGolden(delNeigh, row("del"), {
    header: { family: 2, index: 3, state: 128, flags: 0, type: 0 },
    attrs: { dst: "10.1.0.9" },
  });
});

test("ip neigh show dev v0", () => {
  checkGolden(getNeigh, row("dump"), {
    header: { family: 0, index: 0, state: 0, flags: 0, type: 0 },
    attrs: { ifindex: 3 },
  });
});

test("told", () => {
  checkGoldenPart(newNeigh, row("told"), {
    header: { family: 2, index: 3, state: 2, flags: 0, type: 3 },
    attrs: {
      dst: "10.1.0.9",
      lladdr: "02:00:00:00:00:09",
      probes: 0,
      cacheInfo: { confirmedCs: 1, usedCs: 1, updatedCs: 1, refcnt: 1 },
    },
  });
});

test("bridge fdb append 00:00:00:00:00:00 dev vx7 dst 10.0.0.2 port 4790 vni 8 via v0 self permanent", () => {
  checkGolden(newNeigh, row("forwarding entry of a VXLAN"), {
    header: { family: 7, index: 4, state: 192, flags: 2, type: 0 },
    attrs: { lladdr: "00:00:00:00:00:00", dst: "10.0.0.2", port: 4790, vni: 8, ifindex: 3 },
  });
});

test("bridge fdb add 02:00:00:00:00:0b dev v0 master static", () => {
  checkGolden(newNeigh, row("forwarding entry of a bridge"), {
    header: { family: 7, index: 3, state: 66, flags: 4, type: 0 },
    attrs: { lladdr: "02:00:00:00:00:0b" },
  });
});

test("told: forwarding entry of a VXLAN", () => {
  checkGoldenPart(newNeigh, row("told: forwarding entry of a VXLAN"), {
    header: { family: 7, index: 4, state: 192, flags: 2, type: 1 },
    attrs: {
      lladdr: "02:00:00:00:00:0c",
      dst: "fd00::2",
      port: 4790,
      vni: 8,
      ifindex: 3,
      cacheInfo: { confirmedCs: 0, usedCs: 0, updatedCs: 0, refcnt: 0 },
    },
  });
});
