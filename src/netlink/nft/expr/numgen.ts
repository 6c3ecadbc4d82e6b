import { attrs, be32, enumOf } from "../../wire/index.ts";
import { NFTA_NG } from "./constants-more.ts";

/** `numgen`: kube-proxy spreads connections with it. */
export const numgen = attrs({
  dreg: [NFTA_NG.DREG, be32],
  modulus: [NFTA_NG.MODULUS, be32],
  type: [NFTA_NG.TYPE, enumOf(be32, { inc: 0, random: 1 })],
  offset: [NFTA_NG.OFFSET, be32],
});
