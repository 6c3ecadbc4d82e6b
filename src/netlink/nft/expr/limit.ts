import { attrs, be32, be64, bytes, enumOf } from "../../wire/index.ts";
import { NFTA_LIMIT } from "./constants-more.ts";

/** `limit rate` */
export const limit = attrs({
  rate: [NFTA_LIMIT.RATE, be64], // packets or bytes per `unit`
  unit: [NFTA_LIMIT.UNIT, be64], // seconds
  burst: [NFTA_LIMIT.BURST, be32],
  type: [NFTA_LIMIT.TYPE, enumOf(be32, { packets: 0, bytes: 1 })],
  flags: [NFTA_LIMIT.FLAGS, be32], // 1: over the limit
  pad: [NFTA_LIMIT.PAD, bytes],
});
