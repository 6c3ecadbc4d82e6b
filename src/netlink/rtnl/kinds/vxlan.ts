import { attrs, be16, be32, enumOf, flag, ipv4, ipv6, struct, u8, u32 } from "../../wire/index.ts";
import { IFLA_VXLAN } from "./vxlan.const.ts";

/** VXLAN tunnel, ip-link(8). 0 and 1 for off and on. */
export const vxlan = attrs({
  /** 24 bits. */
  vni: [IFLA_VXLAN.ID, u32],
  /** Multicast group, or the one remote end. */
  group: [IFLA_VXLAN.GROUP, ipv4],
  group6: [IFLA_VXLAN.GROUP6, ipv6],
  local: [IFLA_VXLAN.LOCAL, ipv4],
  local6: [IFLA_VXLAN.LOCAL6, ipv6],
  link: [IFLA_VXLAN.LINK, u32],
  ttl: [IFLA_VXLAN.TTL, u8],
  ttlInherit: [IFLA_VXLAN.TTL_INHERIT, u8],
  tos: [IFLA_VXLAN.TOS, u8],
  df: [IFLA_VXLAN.DF, enumOf(u8, { unset: 0, set: 1, inherit: 2 })],
  label: [IFLA_VXLAN.LABEL, be32],
  learning: [IFLA_VXLAN.LEARNING, u8],
  /** Seconds. */
  ageing: [IFLA_VXLAN.AGEING, u32],
  /** Forwarding entries; 0 is no limit. */
  limit: [IFLA_VXLAN.LIMIT, u32],
  /** Source ports. */
  portRange: [IFLA_VXLAN.PORT_RANGE, struct({ low: be16, high: be16 })],
  /** Destination port; the kernel's default is 8472, not IANA's 4789. */
  port: [IFLA_VXLAN.PORT, be16],
  proxy: [IFLA_VXLAN.PROXY, u8],
  rsc: [IFLA_VXLAN.RSC, u8],
  l2miss: [IFLA_VXLAN.L2MISS, u8],
  l3miss: [IFLA_VXLAN.L3MISS, u8],
  udpCsum: [IFLA_VXLAN.UDP_CSUM, u8],
  udpZeroCsum6Tx: [IFLA_VXLAN.UDP_ZERO_CSUM6_TX, u8],
  udpZeroCsum6Rx: [IFLA_VXLAN.UDP_ZERO_CSUM6_RX, u8],
  remcsumTx: [IFLA_VXLAN.REMCSUM_TX, u8],
  remcsumRx: [IFLA_VXLAN.REMCSUM_RX, u8],
  remcsumNopartial: [IFLA_VXLAN.REMCSUM_NOPARTIAL, flag],
  gbp: [IFLA_VXLAN.GBP, flag],
  gpe: [IFLA_VXLAN.GPE, flag],
  collectMetadata: [IFLA_VXLAN.COLLECT_METADATA, u8],
  vniFilter: [IFLA_VXLAN.VNIFILTER, u8],
});
