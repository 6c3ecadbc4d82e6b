import { attrs, be32, enumOf, u8 } from "../../wire/index.ts";
import { NFTA_EXTHDR } from "./constants-more.ts";

/** Extension headers and options: `tcp option maxseg size set rt mtu`. */
export const exthdr = attrs({
  dreg: [NFTA_EXTHDR.DREG, be32],
  type: [NFTA_EXTHDR.TYPE, u8],
  offset: [NFTA_EXTHDR.OFFSET, be32],
  len: [NFTA_EXTHDR.LEN, be32],
  flags: [NFTA_EXTHDR.FLAGS, be32], // 1: only whether it is there
  op: [NFTA_EXTHDR.OP, enumOf(be32, { ipv6: 0, tcpopt: 1, ipv4: 2, sctp: 3, dccp: 4 })],
  sreg: [NFTA_EXTHDR.SREG, be32],
});
