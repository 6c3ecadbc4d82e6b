import { attrs, be32, enumOf } from "../../wire/index.ts";
import { NFTA_HASH } from "./constants-more.ts";

/** `jhash`, `symhash` */
export const hash = attrs({
  sreg: [NFTA_HASH.SREG, be32],
  dreg: [NFTA_HASH.DREG, be32],
  len: [NFTA_HASH.LEN, be32],
  modulus: [NFTA_HASH.MODULUS, be32],
  seed: [NFTA_HASH.SEED, be32],
  offset: [NFTA_HASH.OFFSET, be32],
  type: [NFTA_HASH.TYPE, enumOf(be32, { jhash: 0, symhash: 1 })],
});
