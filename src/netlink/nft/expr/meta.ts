import { attrs, be32, enumOf } from "../../wire/index.ts";
import { NFT_META, NFTA_META } from "./constants.ts";

const metaKey = enumOf(be32, {
  len: NFT_META.LEN,
  protocol: NFT_META.PROTOCOL,
  priority: NFT_META.PRIORITY,
  mark: NFT_META.MARK,
  iif: NFT_META.IIF,
  oif: NFT_META.OIF,
  iifname: NFT_META.IIFNAME,
  oifname: NFT_META.OIFNAME,
  iiftype: NFT_META.IFTYPE,
  oiftype: NFT_META.OIFTYPE,
  skuid: NFT_META.SKUID,
  skgid: NFT_META.SKGID,
  nftrace: NFT_META.NFTRACE,
  rtclassid: NFT_META.RTCLASSID,
  secmark: NFT_META.SECMARK,
  nfproto: NFT_META.NFPROTO,
  l4proto: NFT_META.L4PROTO,
  ibrname: NFT_META.BRI_IIFNAME,
  obrname: NFT_META.BRI_OIFNAME,
  pkttype: NFT_META.PKTTYPE,
  cpu: NFT_META.CPU,
  iifgroup: NFT_META.IIFGROUP,
  oifgroup: NFT_META.OIFGROUP,
  cgroup: NFT_META.CGROUP,
  random: NFT_META.PRANDOM,
  ipsec: NFT_META.SECPATH,
  iifkind: NFT_META.IIFKIND,
  oifkind: NFT_META.OIFKIND,
  ibrpvid: NFT_META.BRI_IIFPVID,
  ibrvproto: NFT_META.BRI_IIFVPROTO,
  time: NFT_META.TIME_NS,
  day: NFT_META.TIME_DAY,
  hour: NFT_META.TIME_HOUR,
  sdif: NFT_META.SDIF,
  sdifname: NFT_META.SDIFNAME,
});

/** What is known of a packet besides its bytes; nft(8), META EXPRESSIONS. */
export const meta = attrs({
  key: [NFTA_META.KEY, metaKey],
  dreg: [NFTA_META.DREG, be32],
  sreg: [NFTA_META.SREG, be32], // to set `mark`, `priority` …
});
