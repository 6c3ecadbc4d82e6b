import type { Route } from "../../kernel/route.ts";
import type { Nexthop, Via } from "../../netlink/rtnl/nexthop.ts";
import { RT_SCOPE, RT_TABLE, RTM_F, RTN, RTNH_F, RTPROT } from "../../netlink/rtnl/route.const.ts";
import { type Form, flagNames, type LinkNames, protocolName, scopeName, tableName, typeName } from "./names.ts";

export const ROUTE_FLAGS = [
  [RTNH_F.DEAD, "dead"],
  [RTNH_F.ONLINK, "onlink"],
  [RTNH_F.PERVASIVE, "pervasive"],
  [RTNH_F.OFFLOAD, "offload"],
  [RTNH_F.TRAP, "trap"],
  [RTM_F.NOTIFY, "notify"],
  [RTNH_F.LINKDOWN, "linkdown"],
  [RTNH_F.UNRESOLVED, "unresolved"],
  [RTM_F.OFFLOAD, "rt_offload"],
  [RTM_F.TRAP, "rt_trap"],
  [RTM_F.OFFLOAD_FAILED, "rt_offload_failed"],
] as const;

/** ICMPV6_ROUTER_PREF_*, linux/ipv6_route.h. */
const PREF: Readonly<Record<number, string>> = { 0: "medium", 1: "high", 3: "low" };

/** A destination as `ip route` writes it: `default`, single addresses without their length. */
export function dstText(dst: string): string {
  if (dst === "0.0.0.0/0" || dst === "::/0") return "default";
  if (dst.endsWith("/32") && !dst.includes(":")) return dst.slice(0, -3);
  return dst.endsWith("/128") ? dst.slice(0, -4) : dst;
}

const viaForm = (via: Via | undefined): Form | undefined =>
  via && typeof via.address === "string"
    ? { family: via.family === 2 ? "inet" : "inet6", host: via.address }
    : undefined;

export const tosText = (tos: number): string => `0x${tos.toString(16).padStart(2, "0")}`;
export const prefName = (pref: number): string => PREF[pref] ?? String(pref);

/** @param tables whether routes of several tables are listed, so that each names its own unless it is main */
export function routeForm(route: Route, nameOf: LinkNames, tables: boolean): Form {
  const { attrs } = route;
  return {
    type: route.type === RTN.UNICAST ? undefined : typeName(route.type),
    dst: dstText(route.dst),
    from: attrs.src,
    tos: route.tos === 0 ? undefined : tosText(route.tos),
    nhid: attrs.nexthopId,
    gateway: attrs.gateway,
    via: viaForm(attrs.via),
    dev: route.oif === undefined ? undefined : nameOf(route.oif),
    table: tables && route.table !== RT_TABLE.MAIN ? tableName(route.table) : undefined,
    protocol: route.protocol === RTPROT.BOOT ? undefined : protocolName(route.protocol),
    scope: route.scope === RT_SCOPE.UNIVERSE ? undefined : scopeName(route.scope),
    prefsrc: route.src,
    metric: route.priority,
    flags: flagNames(ROUTE_FLAGS, route.flags),
    mark: attrs.mark,
    uid: attrs.uid,
    expires: attrs.cacheInfo?.expires ? Math.trunc(attrs.cacheInfo.expires / 100) : undefined,
    metrics: attrs.metrics && [metricsForm(attrs.metrics)],
    iif: attrs.iif === undefined ? undefined : nameOf(attrs.iif),
    nexthops: attrs.multipath?.map((hop) => hopForm(hop, nameOf)),
    pref: attrs.pref === undefined ? undefined : prefName(attrs.pref),
    ttl_propogate: attrs.ttlPropagate === undefined ? undefined : attrs.ttlPropagate !== 0,
  };
}

const hopForm = ({ flags, hops, index, attrs }: Nexthop, nameOf: LinkNames): Form => ({
  gateway: attrs.gateway,
  via: viaForm(attrs.via),
  dev: index === 0 ? undefined : nameOf(index),
  weight: hops + 1,
  flags: flagNames(ROUTE_FLAGS, flags),
});

function metricsForm(metrics: NonNullable<Route["attrs"]["metrics"]>): Form {
  return {
    mtu: metrics.mtu,
    window: metrics.window,
    rtt: metrics.rtt,
    rttvar: metrics.rttvar,
    ssthresh: metrics.ssthresh,
    cwnd: metrics.cwnd,
    advmss: metrics.advmss,
    reordering: metrics.reordering,
    hoplimit: metrics.hopLimit,
    initcwnd: metrics.initcwnd,
    rto_min: metrics.rtoMinMs,
    initrwnd: metrics.initrwnd,
    quickack: metrics.quickack,
    congctl: metrics.ccAlgo,
    fastopen_no_cookie: metrics.fastopenNoCookie,
  };
}
