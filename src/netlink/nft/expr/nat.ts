import { attrs, be32, enumOf } from "../../wire/index.ts";
import { NFPROTO } from "../constants.ts";
import { NFTA_NAT } from "./constants.ts";

/** `snat to`, `dnat to`; the kernel adds the range flags. */
export const nat = attrs({
  type: [NFTA_NAT.TYPE, enumOf(be32, { snat: 0, dnat: 1 })],
  family: [NFTA_NAT.FAMILY, enumOf(be32, { ip: NFPROTO.IPV4, ip6: NFPROTO.IPV6 })],
  addrMin: [NFTA_NAT.REG_ADDR_MIN, be32], // registers
  addrMax: [NFTA_NAT.REG_ADDR_MAX, be32],
  protoMin: [NFTA_NAT.REG_PROTO_MIN, be32],
  protoMax: [NFTA_NAT.REG_PROTO_MAX, be32],
  flags: [NFTA_NAT.FLAGS, be32], // NF_NAT_RANGE_*, linux/netfilter/nf_nat.h: 1 addresses, 2 ports
});
