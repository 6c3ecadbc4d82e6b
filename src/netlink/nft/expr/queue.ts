import { attrs, be16, be32 } from "../../wire/index.ts";
import { NFTA_QUEUE } from "./constants-more.ts";

/** `queue` */
export const queue = attrs({
  num: [NFTA_QUEUE.NUM, be16],
  total: [NFTA_QUEUE.TOTAL, be16],
  flags: [NFTA_QUEUE.FLAGS, be16], // 1 bypass, 2 fanout
  sregQnum: [NFTA_QUEUE.SREG_QNUM, be32],
});
