import { attrs, be32, enumOf, u8 } from "../../wire/index.ts";
import { NFTA_REJECT } from "./constants-more.ts";

/** `reject` */
export const reject = attrs({
  type: [NFTA_REJECT.TYPE, enumOf(be32, { icmp: 0, tcpReset: 1, icmpx: 2 })],
  code: [NFTA_REJECT.ICMP_CODE, u8],
});
