import { attrs, be32, enumOf } from "../../wire/index.ts";
import { NFTA_PAYLOAD } from "./constants.ts";

/** Loads bytes of the packet into a register, or stores them: `ip saddr`, `tcp dport`. */
export const payload = attrs({
  dreg: [NFTA_PAYLOAD.DREG, be32], // to read
  sreg: [NFTA_PAYLOAD.SREG, be32], // to write
  base: [NFTA_PAYLOAD.BASE, enumOf(be32, { link: 0, network: 1, transport: 2, inner: 3 })],
  offset: [NFTA_PAYLOAD.OFFSET, be32], // bytes from `base`
  len: [NFTA_PAYLOAD.LEN, be32], // bytes
  csumType: [NFTA_PAYLOAD.CSUM_TYPE, be32],
  csumOffset: [NFTA_PAYLOAD.CSUM_OFFSET, be32],
  csumFlags: [NFTA_PAYLOAD.CSUM_FLAGS, be32],
});
