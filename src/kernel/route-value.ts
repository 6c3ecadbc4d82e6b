import { AF } from "../netlink/rtnl/constants.ts";
import type { Nexthop, Via } from "../netlink/rtnl/nexthop.ts";
import { RTNH_F } from "../netlink/rtnl/route.const.ts";
import type { newRoute } from "../netlink/rtnl/route.ts";
import type { MessageOf } from "../netlink/wire/index.ts";
import { anyAddress } from "./cidr.ts";

export interface RouteHop {
  readonly gw: string | undefined;
  readonly oif: number | undefined;
  readonly weight: number;
}

export interface Route {
  readonly family: 4 | 6;
  /** With prefix length; a default route is `0.0.0.0/0` or `::/0`. */
  readonly dst: string;
  readonly gw: string | undefined;
  readonly oif: number | undefined;
  readonly priority: number | undefined;
  readonly table: number;
  /** RT_SCOPE_*, RTN_*, RTPROT_*. */
  readonly scope: number;
  readonly type: number;
  readonly protocol: number;
  readonly src: string | undefined;
  readonly mtu: number | undefined;
  readonly advmss: number | undefined;
  readonly onlink: boolean;
  readonly nexthops: readonly RouteHop[] | undefined;
  /** RTM_F_* and RTNH_F_*. */
  readonly flags: number;
  /** Type of service; IPv4 only. */
  readonly tos: number;
  /** ICMPv6 router preference: 0 medium, 1 high, 3 low. */
  readonly pref: number | undefined;
  /** Everything else the kernel said. */
  readonly attrs: MessageOf<typeof newRoute>["attrs"];
}

export function toRoute({ header, attrs }: MessageOf<typeof newRoute>): Route {
  return {
    family: header.family === AF.INET ? 4 : 6,
    dst: `${attrs.dst ?? anyAddress(header.family)}/${header.dstLength}`,
    gw: attrs.gateway ?? viaText(attrs.via),
    oif: attrs.oif,
    priority: attrs.priority,
    table: attrs.table ?? header.table,
    scope: header.scope,
    type: header.type,
    protocol: header.protocol,
    src: attrs.prefsrc,
    mtu: attrs.metrics?.mtu,
    advmss: attrs.metrics?.advmss,
    onlink: (header.flags & RTNH_F.ONLINK) !== 0,
    nexthops: attrs.multipath?.map(toHop),
    flags: header.flags,
    tos: header.tos,
    pref: attrs.pref,
    attrs,
  };
}

function toHop({ index, hops, attrs }: Nexthop): RouteHop {
  return { gw: attrs.gateway ?? viaText(attrs.via), oif: index === 0 ? undefined : index, weight: hops + 1 };
}

const viaText = (via: Via | undefined): string | undefined =>
  typeof via?.address === "string" ? via.address : undefined;
