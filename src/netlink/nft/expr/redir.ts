import { attrs, be32 } from "../../wire/index.ts";
import { NFTA_REDIR } from "./constants-more.ts";

/** `redirect` */
export const redir = attrs({
  protoMin: [NFTA_REDIR.REG_PROTO_MIN, be32], // registers
  protoMax: [NFTA_REDIR.REG_PROTO_MAX, be32],
  flags: [NFTA_REDIR.FLAGS, be32],
});
