import type { Rule } from "../../kernel/rule.ts";
import { RTPROT } from "../../netlink/rtnl/route.const.ts";
import { type Form, hex, protocolName, tableName } from "./names.ts";

/** IPPROTO_* by the names of getprotobynumber(3) that rules are made with. */
const PROTOCOLS: Readonly<Record<number, string>> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp", 132: "sctp" };

const side = (key: "src" | "dst", prefix: string | undefined, family: 4 | 6): Form => {
  if (prefix === undefined) return {};
  const [address, length] = prefix.split("/");
  const full = String(family === 4 ? 32 : 128) === length;
  return { [key]: address, ...(full ? {} : { [`${key}len`]: Number(length) }) };
};

const range = (key: string, value: { start: number; end: number } | undefined): Form =>
  value === undefined
    ? {}
    : value.start === value.end
      ? { [key]: value.start }
      : { [`${key}_start`]: value.start, [`${key}_end`]: value.end };

/** `ip -j rule`. */
export function ruleForm(rule: Rule): Form {
  const { attrs } = rule;
  return {
    priority: rule.priority,
    ...(rule.not ? { not: null } : {}),
    ...(rule.from === undefined ? { src: "all" } : side("src", rule.from, rule.family)),
    ...side("dst", rule.to, rule.family),
    ...(rule.mark === undefined && !rule.mask
      ? {}
      : {
          fwmark: hex(rule.mark ?? 0),
          fwmask: rule.mask === undefined || rule.mask === 0xffff_ffff ? undefined : `0x${rule.mask.toString(16)}`,
        }),
    iif: rule.iif,
    oif: rule.oif,
    ...(attrs.l3mdev ? { l3mdev: null } : {}),
    ...(rule.uidRange ? { uid_start: rule.uidRange.start, uid_end: rule.uidRange.end } : {}),
    ipproto: rule.ipProto === undefined ? undefined : (PROTOCOLS[rule.ipProto] ?? String(rule.ipProto)),
    ...range("sport", rule.sportRange),
    ...range("dport", rule.dportRange),
    table: rule.table ? tableName(rule.table) : undefined,
    suppress_prefixlen: rule.table ? rule.suppressPrefixLength : undefined,
    ...actionForm(rule),
    protocol:
      rule.protocol === undefined || rule.protocol === RTPROT.UNSPEC || rule.protocol === RTPROT.KERNEL
        ? undefined
        : protocolName(rule.protocol),
  };
}

function actionForm({ action, goto }: Rule): Form {
  switch (action) {
    case "goto":
      return { goto };
    case "nop":
      return { nop: null };
    case "blackhole":
    case "unreachable":
    case "prohibit":
      return { action };
    default:
      return {};
  }
}
