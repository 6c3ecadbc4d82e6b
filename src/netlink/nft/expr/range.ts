import { attrs, be32, enumOf, nested } from "../../wire/index.ts";
import { data } from "../data.ts";
import { NFTA_RANGE } from "./constants.ts";

/** Goes on only if a register is inside (or outside) of two constants. */
export const range = attrs({
  sreg: [NFTA_RANGE.SREG, be32],
  op: [NFTA_RANGE.OP, enumOf(be32, { eq: 0, neq: 1 })],
  from: [NFTA_RANGE.FROM_DATA, nested(data)],
  to: [NFTA_RANGE.TO_DATA, nested(data)], // inclusive
});
