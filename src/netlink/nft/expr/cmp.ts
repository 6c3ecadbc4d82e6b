import { attrs, be32, enumOf, nested } from "../../wire/index.ts";
import { data } from "../data.ts";
import { NFTA_CMP } from "./constants.ts";

/** Goes on only if a register compares so with a constant, byte by byte. */
export const cmp = attrs({
  sreg: [NFTA_CMP.SREG, be32],
  op: [NFTA_CMP.OP, enumOf(be32, { eq: 0, neq: 1, lt: 2, lte: 3, gt: 4, gte: 5 })],
  data: [NFTA_CMP.DATA, nested(data)],
});
