import { attrs, be16, ip, mac, message, pad, s32, struct, u8, u16, u32 } from "../wire/index.ts";
import { RTM } from "./constants.ts";
import { NDA } from "./neigh.const.ts";

/** `struct ndmsg`, linux/neighbour.h. */
export const ndmsg = struct({
  family: u8,
  pad: pad(3),
  index: s32,
  /** NUD_*. */
  state: u16,
  /** NTF_*. */
  flags: u8,
  /** RTN_*: unicast, multicast, … */
  type: u8,
});

/** Neighbours (ARP, neighbour discovery) and, with family AF_BRIDGE, forwarding entries of bridges and VXLANs: fdb.ts. */
export const neighAttrs = attrs({
  /** The neighbour's address; in a VXLAN's forwarding entry the remote end. */
  dst: [NDA.DST, ip],
  lladdr: [NDA.LLADDR, mac],
  /** Hundredths of a second since then, and the number of users. */
  cacheInfo: [NDA.CACHEINFO, struct({ confirmedCs: u32, usedCs: u32, updatedCs: u32, refcnt: u32 })],
  probes: [NDA.PROBES, u32],
  vlan: [NDA.VLAN, u16],
  /** VXLAN: the remote end's UDP port. */
  port: [NDA.PORT, be16],
  vni: [NDA.VNI, u32],
  /** VXLAN: the link to send through. */
  ifindex: [NDA.IFINDEX, u32],
  master: [NDA.MASTER, u32],
  linkNetnsId: [NDA.LINK_NETNSID, s32],
  srcVni: [NDA.SRC_VNI, u32],
  protocol: [NDA.PROTOCOL, u8],
  nexthopId: [NDA.NH_ID, u32],
  flagsExt: [NDA.FLAGS_EXT, u32],
  stateMask: [NDA.NDM_STATE_MASK, u16],
  flagsMask: [NDA.NDM_FLAGS_MASK, u8],
});

export const newNeigh = message([RTM.NEWNEIGH, "RTM_NEWNEIGH"], ndmsg, neighAttrs);
export const delNeigh = message([RTM.DELNEIGH, "RTM_DELNEIGH"], ndmsg, neighAttrs);
/** One neighbour, or a dump narrowed by `ifindex` and `master`. */
export const getNeigh = message([RTM.GETNEIGH, "RTM_GETNEIGH"], ndmsg, neighAttrs);
