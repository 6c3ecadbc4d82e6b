import { attrs, be32, cstring } from "../../wire/index.ts";
import { NFTA_LOOKUP } from "./constants.ts";

/** Goes on only if a set has the key; loads the data of a map. */
export const lookup = attrs({
  set: [NFTA_LOOKUP.SET, cstring],
  sreg: [NFTA_LOOKUP.SREG, be32], // the key; a concatenation lies in registers one after another
  dreg: [NFTA_LOOKUP.DREG, be32], // maps: where the data goes, 0 for verdicts
  setId: [NFTA_LOOKUP.SET_ID, be32], // a set of the same batch
  flags: [NFTA_LOOKUP.FLAGS, be32], // 1: goes on if NOT found
});
