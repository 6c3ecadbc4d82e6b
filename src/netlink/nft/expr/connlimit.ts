import { attrs, be32 } from "../../wire/index.ts";
import { NFTA_CONNLIMIT } from "./constants-more.ts";

/** `ct count` */
export const connlimit = attrs({
  count: [NFTA_CONNLIMIT.COUNT, be32],
  flags: [NFTA_CONNLIMIT.FLAGS, be32], // 1: over the limit
});
