import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { delRule, newRule } from "./rule.ts";

const row = await loadGolden(new URL("./rule.hex", import.meta.url));

test("ip rule add priority 100 from 10.1.0.0/16 to 10.2.0.0/16 iif lo oif lo fwmark 0x1/0xf tos 4 table 1000", () => {
  checkGolden(newRule, row("add"), {
    header: { family: 2, dstLength: 16, srcLength: 16, tos: 4, table: 0, action: "table", flags: 0 },
    attrs: {
      priority: 100,
      src: "10.1.0.0",
      dst: "10.2.0.0",
      iifname: "lo",
      oifname: "lo",
      fwmark: 1,
      fwmask: 15,
      table: 1000,
    },
  });
});

test("ip -6 rule add not priority 101 ipproto tcp sport 1000-2000 dport 80 uidrange 1000-1999 suppress_prefixlength 0 table main", () => {
  checkGolden(newRule, row("ports"), {
    header: { family: 10, dstLength: 0, srcLength: 0, tos: 0, table: 254, action: "table", flags: 2 },
    attrs: {
      priority: 101,
      ipProto: 6,
      sportRange: { start: 1000, end: 2000 },
      dportRange: { start: 80, end: 80 },
      uidRange: { start: 1000, end: 1999 },
      suppressPrefixLength: 0,
    },
  });
});

test("ip rule add priority 102 prohibit", () => {
  checkGolden(newRule, row("prohibit"), {
    header: { family: 2, dstLength: 0, srcLength: 0, tos: 0, table: 0, action: "prohibit", flags: 0 },
    attrs: { priority: 102 },
  });
});

test("ip rule add priority 103 goto 32767", () => {
  checkGolden(newRule, row("goto"), {
    header: { family: 2, dstLength: 0, srcLength: 0, tos: 0, table: 0, action: "goto", flags: 0 },
    attrs: { priority: 103, goto: 32767 },
  });
});

test("ip rule del priority 100", () => {
  checkGolden(delRule, row("del"), {
    header: { family: 2, dstLength: 0, srcLength: 0, tos: 0, table: 0, action: "unspec", flags: 0 },
    attrs: { priority: 100 },
  });
});

test("told", () => {
  checkGoldenPart(newRule, row("told"), {
    header: { family: 2, dstLength: 0, srcLength: 16, tos: 0, table: 252, action: "table", flags: 8 },
    attrs: {
      table: 1000,
      suppressPrefixLength: 4294967295,
      protocol: 0,
      iifname: "v9",
      priority: 100,
      fwmark: 1,
      fwmask: 15,
      src: "10.1.0.0",
    },
  });
});
