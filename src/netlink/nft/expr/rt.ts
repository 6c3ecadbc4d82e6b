import { attrs, be32, enumOf } from "../../wire/index.ts";
import { NFTA_RT } from "./constants-more.ts";

/** `rt`: what the packet's route says. */
export const rt = attrs({
  dreg: [NFTA_RT.DREG, be32],
  key: [NFTA_RT.KEY, enumOf(be32, { classid: 0, "ip nexthop": 1, "ip6 nexthop": 2, mtu: 3, ipsec: 4 })],
});
