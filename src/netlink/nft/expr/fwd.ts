import { attrs, be32 } from "../../wire/index.ts";
import { NFTA_FWD } from "./constants-more.ts";

/** `fwd to` */
export const fwd = attrs({
  sregDev: [NFTA_FWD.SREG_DEV, be32],
  sregAddr: [NFTA_FWD.SREG_ADDR, be32],
  nfproto: [NFTA_FWD.NFPROTO, be32],
});
