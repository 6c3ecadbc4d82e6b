import { attrs, be32, enumOf, nested } from "../../wire/index.ts";
import { data } from "../data.ts";
import { NFTA_BITWISE } from "./constants.ts";

/** `(register & mask) ^ xor`, or a shift. */
export const bitwise = attrs({
  sreg: [NFTA_BITWISE.SREG, be32],
  dreg: [NFTA_BITWISE.DREG, be32],
  len: [NFTA_BITWISE.LEN, be32], // bytes
  op: [NFTA_BITWISE.OP, enumOf(be32, { maskXor: 0, lshift: 1, rshift: 2 })],
  mask: [NFTA_BITWISE.MASK, nested(data)],
  xor: [NFTA_BITWISE.XOR, nested(data)],
  data: [NFTA_BITWISE.DATA, nested(data)], // bits to shift by
});
