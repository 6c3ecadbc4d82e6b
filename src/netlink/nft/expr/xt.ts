import { attrs, be32, bytes, cstring } from "../../wire/index.ts";
import { NFTA_MATCH, NFTA_TARGET } from "./constants-more.ts";

/** A match of xtables in a rule that `iptables-nft` wrote: `comment`, `multiport`, `addrtype`. */
export const match = attrs({
  name: [NFTA_MATCH.NAME, cstring],
  rev: [NFTA_MATCH.REV, be32],
  info: [NFTA_MATCH.INFO, bytes], // a structure of linux/netfilter/xt_*.h
});

/** The same for a target: `MARK`, `DNAT`, `MASQUERADE`. */
export const target = attrs({
  name: [NFTA_TARGET.NAME, cstring],
  rev: [NFTA_TARGET.REV, be32],
  info: [NFTA_TARGET.INFO, bytes],
});
