import { attrs, be32, enumOf, u8 } from "../../wire/index.ts";
import { NFT_CT, NFTA_CT } from "./constants.ts";

const ctKey = enumOf(be32, {
  state: NFT_CT.STATE,
  direction: NFT_CT.DIRECTION,
  status: NFT_CT.STATUS,
  mark: NFT_CT.MARK,
  secmark: NFT_CT.SECMARK,
  expiration: NFT_CT.EXPIRATION,
  helper: NFT_CT.HELPER,
  l3proto: NFT_CT.L3PROTOCOL,
  saddr: NFT_CT.SRC,
  daddr: NFT_CT.DST,
  protocol: NFT_CT.PROTOCOL,
  "proto-src": NFT_CT.PROTO_SRC,
  "proto-dst": NFT_CT.PROTO_DST,
  label: NFT_CT.LABELS,
  packets: NFT_CT.PKTS,
  bytes: NFT_CT.BYTES,
  avgpkt: NFT_CT.AVGPKT,
  zone: NFT_CT.ZONE,
  event: NFT_CT.EVENTMASK,
  "ip saddr": NFT_CT.SRC_IP,
  "ip daddr": NFT_CT.DST_IP,
  "ip6 saddr": NFT_CT.SRC_IP6,
  "ip6 daddr": NFT_CT.DST_IP6,
  id: NFT_CT.ID,
});

/** What connection tracking knows; nft(8), CONNTRACK EXPRESSIONS. */
export const ct = attrs({
  key: [NFTA_CT.KEY, ctKey],
  dreg: [NFTA_CT.DREG, be32],
  direction: [NFTA_CT.DIRECTION, enumOf(u8, { original: 0, reply: 1 })],
  sreg: [NFTA_CT.SREG, be32], // to set `mark`, `label` …
});
