import { attrs, be32, u8 } from "../../wire/index.ts";
import { NFTA_OSF } from "./constants-more.ts";

/** `osf name` */
export const osf = attrs({ dreg: [NFTA_OSF.DREG, be32], ttl: [NFTA_OSF.TTL, u8], flags: [NFTA_OSF.FLAGS, be32] });
