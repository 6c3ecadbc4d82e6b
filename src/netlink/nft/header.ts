import { be16, enumOf, struct, u8 } from "../wire/index.ts";
import { NFNL_SUBSYS, NFPROTO, NFT_MSG } from "./constants.ts";

/** Family of a table, as `nft` calls it. */
export const family = enumOf(u8, {
  unspec: 0,
  inet: NFPROTO.INET,
  ip: NFPROTO.IPV4,
  arp: NFPROTO.ARP,
  netdev: NFPROTO.NETDEV,
  bridge: NFPROTO.BRIDGE,
  ip6: NFPROTO.IPV6,
});
export type NftFamily = "unspec" | "inet" | "ip" | "arp" | "netdev" | "bridge" | "ip6";

/** `struct nfgenmsg`, linux/netfilter/nfnetlink.h. `resId` is the generation in answers, the subsystem in batches. */
export const nfgenmsg = struct({ family, version: u8, resId: be16 });

/** Message type on the wire: subsystem in the upper byte. */
export const nftType = (name: keyof typeof NFT_MSG): [number, string] => [
  (NFNL_SUBSYS.NFTABLES << 8) | NFT_MSG[name],
  `NFT_MSG_${name}`,
];
