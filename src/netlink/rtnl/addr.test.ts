import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { delAddr, getAddr, newAddr } from "./addr.ts";

const row = await loadGolden(new URL("./addr.hex", import.meta.url));

test("ip addr add 10.1.0.5/16 brd + dev v0 label v0:web", () => {
  checkGolden(newAddr, row("add IPv4"), {
    header: { family: 2, prefixLength: 16, flags: 0, scope: 0, index: 3 },
    attrs: { local: "10.1.0.5", label: "v0:web", address: "10.1.0.5", broadcast: "10.1.255.255" },
  });
});

test("ip addr add fd00::5/64 dev v0 nodad noprefixroute valid_lft 3600 preferred_lft 1800 metric 77", () => {
  checkGolden(newAddr, row("add IPv6"), {
    header: { family: 10, prefixLength: 64, flags: 0, scope: 0, index: 3 },
    attrs: {
      local: "fd00::5",
      priority: 77,
      flags: 514,
      address: "fd00::5",
      cacheInfo: { preferred: 1800, valid: 3600, created: 0, updated: 0 },
    },
  });
});

test("ip addr add 10.1.0.5 peer 10.9.0.1/32 dev v0 scope link", () => {
  checkGolden(newAddr, row("point to point"), {
    header: { family: 2, prefixLength: 32, flags: 0, scope: 253, index: 3 },
    attrs: { local: "10.1.0.5", address: "10.9.0.1" },
  });
});

test("ip addr del 10.1.0.5/16 dev v0", () => {
  checkGolden(delAddr, row("del"), {
    header: { family: 2, prefixLength: 16, flags: 0, scope: 0, index: 3 },
    attrs: { local: "10.1.0.5", address: "10.1.0.5" },
  });
});

test("ip addr show dev v0", () => {
  checkGolden(getAddr, row("dump"), {
    header: { family: 0, prefixLength: 0, flags: 0, scope: 0, index: 3 },
    attrs: {},
  });
});

test("told: IPv4", () => {
  checkGoldenPart(newAddr, row("told: IPv4"), {
    header: { family: 2, prefixLength: 16, flags: 128, scope: 0, index: 3 },
    attrs: {
      address: "10.1.0.5",
      local: "10.1.0.5",
      broadcast: "10.1.255.255",
      label: "v0",
      flags: 128,
      cacheInfo: { preferred: 4294967295, valid: 4294967295, created: 322405, updated: 322405 },
    },
  });
});

test("told: IPv6", () => {
  checkGoldenPart(newAddr, row("told: IPv6"), {
    header: { family: 10, prefixLength: 64, flags: 130, scope: 0, index: 3 },
    attrs: {
      address: "fd00::5",
      cacheInfo: { preferred: 4294967295, valid: 4294967295, created: 322409, updated: 322409 },
      flags: 130,
    },
  });
});
