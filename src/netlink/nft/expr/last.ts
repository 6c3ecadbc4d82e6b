import { attrs, be32, be64, bytes } from "../../wire/index.ts";
import { NFTA_LAST } from "./constants-more.ts";

/** `last used` */
export const last = attrs({
  set: [NFTA_LAST.SET, be32], // 1: a packet came by
  msecs: [NFTA_LAST.MSECS, be64], // that long ago
  pad: [NFTA_LAST.PAD, bytes],
});
