import { attrs, be16, be32, u8 } from "../../wire/index.ts";
import { NFTA_SYNPROXY } from "./constants-more.ts";

/** `synproxy` */
export const synproxy = attrs({
  mss: [NFTA_SYNPROXY.MSS, be16],
  wscale: [NFTA_SYNPROXY.WSCALE, u8],
  flags: [NFTA_SYNPROXY.FLAGS, be32],
});
