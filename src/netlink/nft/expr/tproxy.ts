import { attrs, be32 } from "../../wire/index.ts";
import { NFTA_TPROXY } from "./constants-more.ts";

/** `tproxy to` */
export const tproxy = attrs({
  family: [NFTA_TPROXY.FAMILY, be32],
  regAddr: [NFTA_TPROXY.REG_ADDR, be32],
  regPort: [NFTA_TPROXY.REG_PORT, be32],
});
