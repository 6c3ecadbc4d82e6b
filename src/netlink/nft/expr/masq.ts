import { attrs, be32 } from "../../wire/index.ts";
import { NFTA_MASQ } from "./constants.ts";

/** `masquerade` */
export const masq = attrs({
  flags: [NFTA_MASQ.FLAGS, be32],
  protoMin: [NFTA_MASQ.REG_PROTO_MIN, be32], // registers
  protoMax: [NFTA_MASQ.REG_PROTO_MAX, be32],
});
