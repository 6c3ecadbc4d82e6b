import { attrs, be32, be64, bytes } from "../../wire/index.ts";
import { NFTA_QUOTA } from "./constants-more.ts";

/** `quota` */
export const quota = attrs({
  bytes: [NFTA_QUOTA.BYTES, be64],
  flags: [NFTA_QUOTA.FLAGS, be32], // 1: over the quota
  pad: [NFTA_QUOTA.PAD, bytes],
  consumed: [NFTA_QUOTA.CONSUMED, be64],
});
