import { attrs, be32 } from "../../wire/index.ts";
import { NFTA_DUP } from "./constants-more.ts";

/** `dup to` */
export const dup = attrs({ sregAddr: [NFTA_DUP.SREG_ADDR, be32], sregDev: [NFTA_DUP.SREG_DEV, be32] });
