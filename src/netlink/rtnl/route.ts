import { attrs, bytes, cstring, type Infer, ip, message, s32, struct, u8, u16, u32, u64 } from "../wire/index.ts";
import { RTM } from "./constants.ts";
import { growing } from "./growing.ts";
import { multipath, via } from "./nexthop.ts";
import { RTA, RTAX } from "./route.const.ts";

/** `struct rtmsg`, linux/rtnetlink.h. */
export const rtmsg = struct({
  family: u8,
  dstLength: u8,
  srcLength: u8,
  tos: u8,
  /** Tables above 255 stand in the attribute, with RT_TABLE_COMPAT (or 0) here. */
  table: u8,
  /** RTPROT_*: who made it. */
  protocol: u8,
  /** RT_SCOPE_*: how far the destination is. */
  scope: u8,
  /** RTN_*: unicast, blackhole, … */
  type: u8,
  /** RTM_F_* and RTNH_F_*. */
  flags: u32,
});

/** RTA_METRICS. Times in milliseconds, `rtt` in eighths and `rttvar` in quarters of one; lengths in packets. */
export const metrics = attrs({
  /** Bits 1<<RTAX_*: values that path discovery does not change. */
  lock: [RTAX.LOCK, u32],
  /** Bytes. */
  mtu: [RTAX.MTU, u32],
  window: [RTAX.WINDOW, u32],
  rtt: [RTAX.RTT, u32],
  rttvar: [RTAX.RTTVAR, u32],
  ssthresh: [RTAX.SSTHRESH, u32],
  cwnd: [RTAX.CWND, u32],
  /** Bytes. */
  advmss: [RTAX.ADVMSS, u32],
  reordering: [RTAX.REORDERING, u32],
  hopLimit: [RTAX.HOPLIMIT, u32],
  initcwnd: [RTAX.INITCWND, u32],
  features: [RTAX.FEATURES, u32],
  rtoMinMs: [RTAX.RTO_MIN, u32],
  initrwnd: [RTAX.INITRWND, u32],
  quickack: [RTAX.QUICKACK, u32],
  ccAlgo: [RTAX.CC_ALGO, cstring],
  fastopenNoCookie: [RTAX.FASTOPEN_NO_COOKIE, u32],
});

/** `struct rta_cacheinfo`. */
const cacheInfo = growing({
  clntref: u32,
  lastuse: u32,
  expires: s32,
  error: u32,
  used: u32,
  id: u32,
  ts: u32,
  tsage: u32,
});

export const routeAttrs = attrs({
  dst: [RTA.DST, ip],
  src: [RTA.SRC, ip],
  iif: [RTA.IIF, u32],
  oif: [RTA.OIF, u32],
  gateway: [RTA.GATEWAY, ip],
  /** A gateway of another family: IPv4 through an IPv6 neighbour. */
  via: [RTA.VIA, via],
  /** Metric; the smaller wins. */
  priority: [RTA.PRIORITY, u32],
  prefsrc: [RTA.PREFSRC, ip],
  metrics: [RTA.METRICS, metrics],
  multipath: [RTA.MULTIPATH, multipath],
  flow: [RTA.FLOW, u32],
  cacheInfo: [RTA.CACHEINFO, cacheInfo],
  table: [RTA.TABLE, u32],
  mark: [RTA.MARK, u32],
  /** ICMPv6 router preference: 0 medium, 1 high, 3 low. */
  pref: [RTA.PREF, u8],
  encapType: [RTA.ENCAP_TYPE, u16],
  encap: [RTA.ENCAP, bytes],
  expires: [RTA.EXPIRES, u32],
  uid: [RTA.UID, u32],
  ttlPropagate: [RTA.TTL_PROPAGATE, u8],
  ipProto: [RTA.IP_PROTO, u8],
  nexthopId: [RTA.NH_ID, u32],
  mfcStats: [RTA.MFC_STATS, struct({ packets: u64, bytes: u64, wrongIf: u64 })],
});

export const newRoute = message([RTM.NEWROUTE, "RTM_NEWROUTE"], rtmsg, routeAttrs);
export const delRoute = message([RTM.DELROUTE, "RTM_DELROUTE"], rtmsg, routeAttrs);
/** One route to `dst`, or a dump, narrowed by family, protocol, type, table and oif (NETLINK_GET_STRICT_CHK). */
export const getRoute = message([RTM.GETROUTE, "RTM_GETROUTE"], rtmsg, routeAttrs);
export type RouteAttrs = Infer<typeof routeAttrs>;
