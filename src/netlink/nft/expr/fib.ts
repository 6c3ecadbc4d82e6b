import { attrs, be32, enumOf } from "../../wire/index.ts";
import { NFTA_FIB } from "./constants.ts";

/** Asks the routing tables about the packet's source or destination; nft(8), FIB EXPRESSIONS. */
export const fib = attrs({
  dreg: [NFTA_FIB.DREG, be32],
  result: [NFTA_FIB.RESULT, enumOf(be32, { oif: 1, oifname: 2, type: 3 })],
  flags: [NFTA_FIB.FLAGS, be32], // NFTA_FIB_F
});
