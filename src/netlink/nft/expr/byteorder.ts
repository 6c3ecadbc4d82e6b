import { attrs, be32, enumOf } from "../../wire/index.ts";
import { NFTA_BYTEORDER } from "./constants-more.ts";

/** Swaps bytes in a register. */
export const byteorder = attrs({
  sreg: [NFTA_BYTEORDER.SREG, be32],
  dreg: [NFTA_BYTEORDER.DREG, be32],
  op: [NFTA_BYTEORDER.OP, enumOf(be32, { ntoh: 0, hton: 1 })],
  len: [NFTA_BYTEORDER.LEN, be32], // bytes in all
  size: [NFTA_BYTEORDER.SIZE, be32], // bytes of each number
});
