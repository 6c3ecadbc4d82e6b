import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../../wire/golden.ts";
import { newLink } from "../link.ts";

const row = await loadGolden(new URL("./vxlan.hex", import.meta.url));

test("ip link add vx7 type vxlan id 7 local 10.0.0.1 remote 10.0.0.2 dev v0 dstport 4789 srcport 40000 50000 ttl 9 nolearning proxy l2miss l3miss udpcsum gbp ageing 120 maxaddress 4000", () => {
  checkGolden(newLink, row("add"), {
    header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
    attrs: {
      ifname: "vx7",
      linkInfo: {
        kind: "vxlan",
        data: {
          link: 3,
          portRange: { low: 40000, high: 50000 },
          ttl: 9,
          proxy: 1,
          l2miss: 1,
          l3miss: 1,
          udpCsum: 1,
          gbp: true,
          ageing: 120,
          limit: 4000,
          vni: 7,
          local: "10.0.0.1",
          group: "10.0.0.2",
          learning: 0,
          port: 4789,
        },
      },
    },
  });
});

test("ip link add vx8 type vxlan id 16777215 group ff05::100 local fd00::1 dev v0 dstport 8472 df set noudp6zerocsumtx", () => {
  checkGolden(newLink, row("group of IPv6"), {
    header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
    attrs: {
      ifname: "vx8",
      linkInfo: {
        kind: "vxlan",
        data: {
          link: 3,
          df: "set",
          udpZeroCsum6Tx: 0,
          vni: 16777215,
          local6: "fd00::1",
          group6: "ff05::100",
          learning: 1,
          port: 8472,
        },
      },
    },
  });
});

test("ip link add vx9 type vxlan dstport 4789 external vnifilter", () => {
  checkGolden(newLink, row("external"), {
    header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
    attrs: {
      ifname: "vx9",
      linkInfo: { kind: "vxlan", data: { collectMetadata: 1, vniFilter: 1, learning: 0, port: 4789 } },
    },
  });
});

test("told", () => {
  checkGoldenPart(newLink, row("told"), {
    header: { index: 2 },
    attrs: {
      ifname: "vx7",
      linkInfo: {
        kind: "vxlan",
        data: {
          vni: 7,
          local: "10.0.0.1",
          ttl: 0,
          ttlInherit: 0,
          tos: 0,
          df: "unset",
          label: 0,
          learning: 0,
          proxy: 0,
          rsc: 0,
          l2miss: 0,
          l3miss: 0,
          collectMetadata: 0,
          ageing: 300,
          limit: 0,
          port: 4789,
          udpCsum: 1,
          udpZeroCsum6Tx: 0,
          udpZeroCsum6Rx: 0,
          remcsumTx: 0,
          remcsumRx: 0,
          portRange: { low: 0, high: 0 },
        },
      },
    },
  });
});
