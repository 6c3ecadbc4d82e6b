import { attrs, be64, bytes } from "../../wire/index.ts";
import { NFTA_COUNTER } from "./constants.ts";

/** `counter` */
export const counter = attrs({
  bytes: [NFTA_COUNTER.BYTES, be64],
  packets: [NFTA_COUNTER.PACKETS, be64],
  pad: [NFTA_COUNTER.PAD, bytes],
});
