import { attrs, be64, cstring, enumOf, ip, message, pad, struct, u8, u16, u32 } from "../wire/index.ts";
import { RTM } from "./constants.ts";
import { FR_ACT, FRA } from "./rule.const.ts";

/** `struct fib_rule_hdr`, linux/fib_rules.h. */
export const fibRuleHdr = struct({
  family: u8,
  dstLength: u8,
  srcLength: u8,
  tos: u8,
  /** As in routes: tables above 255 stand in the attribute. */
  table: u8,
  pad: pad(2),
  action: enumOf(u8, {
    unspec: 0,
    table: FR_ACT.TO_TBL,
    goto: FR_ACT.GOTO,
    nop: FR_ACT.NOP,
    blackhole: FR_ACT.BLACKHOLE,
    unreachable: FR_ACT.UNREACHABLE,
    prohibit: FR_ACT.PROHIBIT,
  }),
  /** FIB_RULE_*. */
  flags: u32,
});

const portRange = struct({ start: u16, end: u16 });

export const ruleAttrs = attrs({
  dst: [FRA.DST, ip],
  src: [FRA.SRC, ip],
  iifname: [FRA.IIFNAME, cstring],
  oifname: [FRA.OIFNAME, cstring],
  goto: [FRA.GOTO, u32],
  /** The smaller comes first. */
  priority: [FRA.PRIORITY, u32],
  fwmark: [FRA.FWMARK, u32],
  fwmask: [FRA.FWMASK, u32],
  flow: [FRA.FLOW, u32],
  tunId: [FRA.TUN_ID, be64],
  suppressIfgroup: [FRA.SUPPRESS_IFGROUP, u32],
  suppressPrefixLength: [FRA.SUPPRESS_PREFIXLEN, u32],
  table: [FRA.TABLE, u32],
  l3mdev: [FRA.L3MDEV, u8],
  uidRange: [FRA.UID_RANGE, struct({ start: u32, end: u32 })],
  /** RTPROT_*: who made it. */
  protocol: [FRA.PROTOCOL, u8],
  ipProto: [FRA.IP_PROTO, u8],
  sportRange: [FRA.SPORT_RANGE, portRange],
  dportRange: [FRA.DPORT_RANGE, portRange],
});

export const newRule = message([RTM.NEWRULE, "RTM_NEWRULE"], fibRuleHdr, ruleAttrs);
export const delRule = message([RTM.DELRULE, "RTM_DELRULE"], fibRuleHdr, ruleAttrs);
export const getRule = message([RTM.GETRULE, "RTM_GETRULE"], fibRuleHdr, ruleAttrs);
