import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { delRoute, getRoute, newRoute } from "./route.ts";

const row = await loadGolden(new URL("./route.hex", import.meta.url));

test("ip route add 10.2.0.0/16 via 10.1.0.1 dev v0 metric 50 table 1000 src 10.1.0.5 mtu 1400 advmss 1360 proto static", () => {
  checkGolden(newRoute, row("add"), {
    header: { family: 2, dstLength: 16, srcLength: 0, tos: 0, table: 0, protocol: 4, scope: 0, type: 1, flags: 0 },
    attrs: {
      dst: "10.2.0.0",
      gateway: "10.1.0.1",
      priority: 50,
      table: 1000,
      prefsrc: "10.1.0.5",
      oif: 3,
      metrics: { mtu: 1400, advmss: 1360 },
    },
  });
});

test("ip -6 route replace default via fd00::1 dev v0 pref high", () => {
  checkGolden(newRoute, row("default of IPv6"), {
    header: { family: 10, dstLength: 0, srcLength: 0, tos: 0, table: 254, protocol: 3, scope: 0, type: 1, flags: 0 },
    attrs: { dst: "::", gateway: "fd00::1", pref: 1, oif: 3 },
  });
});

test("ip route add 10.3.0.0/16 via 192.0.2.1 dev v0 onlink", () => {
  checkGolden(newRoute, row("onlink"), {
    header: { family: 2, dstLength: 16, srcLength: 0, tos: 0, table: 254, protocol: 3, scope: 0, type: 1, flags: 4 },
    attrs: { dst: "10.3.0.0", gateway: "192.0.2.1", oif: 3 },
  });
});

test("ip route add 10.4.0.0/16 dev v0", () => {
  checkGolden(newRoute, row("on the link"), {
    header: { family: 2, dstLength: 16, srcLength: 0, tos: 0, table: 254, protocol: 3, scope: 253, type: 1, flags: 0 },
    attrs: { dst: "10.4.0.0", oif: 3 },
  });
});

test("ip route add 10.5.0.0/16 dev v0 mtu lock 1300 hoplimit 9 initcwnd 20 rto_min 40ms congctl reno quickack 1 features ecn", () => {
  checkGolden(newRoute, row("metrics"), {
    header: { family: 2, dstLength: 16, srcLength: 0, tos: 0, table: 254, protocol: 3, scope: 253, type: 1, flags: 0 },
    attrs: {
      dst: "10.5.0.0",
      oif: 3,
      metrics: {
        mtu: 1300,
        hopLimit: 9,
        initcwnd: 20,
        rtoMinMs: 40,
        ccAlgo: "reno",
        quickack: 1,
        features: 1,
        lock: 8196,
      },
    },
  });
});

test("ip route add 10.6.0.0/16 nexthop via 10.1.0.1 dev v0 weight 3 nexthop via 10.1.0.2 dev v0 onlink", () => {
  checkGolden(newRoute, row("multipath"), {
    header: { family: 2, dstLength: 16, srcLength: 0, tos: 0, table: 254, protocol: 3, scope: 0, type: 1, flags: 0 },
    attrs: {
      dst: "10.6.0.0",
      multipath: [
        { flags: 0, hops: 2, index: 3, attrs: { gateway: "10.1.0.1" } },
        { flags: 4, hops: 0, index: 3, attrs: { gateway: "10.1.0.2" } },
      ],
    },
  });
});

test("ip route add 10.7.0.0/16 via inet6 fd00::1 dev v0", () => {
  checkGolden(newRoute, row("via"), {
    header: { family: 2, dstLength: 16, srcLength: 0, tos: 0, table: 254, protocol: 3, scope: 0, type: 1, flags: 0 },
    attrs: { dst: "10.7.0.0", via: { family: 10, address: "fd00::1" }, oif: 3 },
  });
});

test("ip route add blackhole 10.8.0.0/16", () => {
  checkGolden(newRoute, row("blackhole"), {
    header: { family: 2, dstLength: 16, srcLength: 0, tos: 0, table: 254, protocol: 3, scope: 0, type: 6, flags: 0 },
    attrs: { dst: "10.8.0.0" },
  });
});

test("ip route del 10.2.0.0/16 via 10.1.0.1", () => {
  checkGolden(delRoute, row("del"), {
    header: { family: 2, dstLength: 16, srcLength: 0, tos: 0, table: 254, protocol: 0, scope: 255, type: 0, flags: 0 },
    attrs: { dst: "10.2.0.0", gateway: "10.1.0.1" },
  });
});

test("ip route get 10.1.0.9", () => {
  checkGolden(getRoute, row("get"), {
    header: { family: 2, dstLength: 32, srcLength: 0, tos: 0, table: 0, protocol: 0, scope: 0, type: 0, flags: 4096 },
    attrs: { dst: "10.1.0.9" },
  });
});

test("ip route show table 1000", () => {
  checkGolden(getRoute, row("dump of a table"), {
    header: { family: 2, dstLength: 0, srcLength: 0, tos: 0, table: 0, protocol: 0, scope: 0, type: 0, flags: 0 },
    attrs: { table: 1000 },
  });
});

test("told", () => {
  checkGoldenPart(newRoute, row("told"), {
    header: { family: 2, dstLength: 16, srcLength: 0, tos: 0, table: 252, protocol: 3, scope: 0, type: 1, flags: 0 },
    attrs: { table: 1000, dst: "10.2.0.0", metrics: { mtu: 1400 }, prefsrc: "10.1.0.5", gateway: "10.1.0.1", oif: 3 },
  });
});

test("told: multipath", () => {
  checkGoldenPart(newRoute, row("told: multipath"), {
    header: { family: 2, dstLength: 16, srcLength: 0, tos: 0, table: 252, protocol: 3, scope: 0, type: 1, flags: 0 },
    attrs: {
      table: 1000,
      dst: "10.6.0.0",
      multipath: [
        { flags: 0, hops: 2, index: 3, attrs: { gateway: "10.1.0.1" } },
        { flags: 0, hops: 0, index: 3, attrs: { via: { family: 10, address: "fd00::2" } } },
      ],
    },
  });
});

test("told: IPv6", () => {
  checkGoldenPart(newRoute, row("told: IPv6"), {
    header: { family: 10, dstLength: 64, srcLength: 0, tos: 0, table: 252, protocol: 3, scope: 0, type: 1, flags: 0 },
    attrs: {
      table: 1000,
      dst: "fd01::",
      priority: 1024,
      gateway: "fd00::1",
      oif: 3,
      cacheInfo: { clntref: 0, lastuse: 0, expires: 29998, error: 0, used: 0, id: 0, ts: 0, tsage: 0 },
      pref: 0,
    },
  });
});

test("told: the way to an address", () => {
  checkGoldenPart(newRoute, row("told: the way to an address"), {
    header: { family: 2, dstLength: 32, srcLength: 0, tos: 0, table: 254, protocol: 0, scope: 0, type: 1, flags: 512 },
    attrs: {
      table: 254,
      dst: "10.1.0.9",
      oif: 3,
      prefsrc: "10.1.0.5",
      uid: 0,
      cacheInfo: { clntref: 2, lastuse: 0, expires: 0, error: 0, used: 0, id: 0, ts: 0, tsage: 0 },
    },
  });
});
