import { AF } from "../netlink/rtnl/constants.ts";
import type { NexthopInput } from "../netlink/rtnl/nexthop.ts";
import { RT_SCOPE, RT_TABLE, RTN, RTNH_F, RTPROT } from "../netlink/rtnl/route.const.ts";
import { delRoute, type newRoute } from "../netlink/rtnl/route.ts";
import { change, type Request } from "../netlink/socket/index.ts";
import { familyOf, parsePrefix } from "./cidr.ts";
import type { RouteSpec } from "./route.ts";

/** Builds what `ip route` sends: on deletion, what is not given matches anything. */
export function routeRequest(schema: typeof newRoute, spec: RouteSpec, flags: number): Request {
  const { family, address, length } = parsePrefix(spec.dst);
  const table = spec.table ?? RT_TABLE.MAIN;
  const deletes = schema === delRoute;
  const metrics =
    spec.mtu === undefined && spec.advmss === undefined ? undefined : { mtu: spec.mtu, advmss: spec.advmss };
  return change(
    schema,
    {
      header: {
        family,
        dstLength: length,
        table: table < 256 ? table : RT_TABLE.UNSPEC,
        protocol: spec.protocol ?? (deletes ? RTPROT.UNSPEC : RTPROT.BOOT),
        scope: spec.scope ?? (deletes ? RT_SCOPE.NOWHERE : scopeOf(spec, family)),
        type: spec.type ?? (deletes ? 0 : RTN.UNICAST),
        flags: spec.onlink ? RTNH_F.ONLINK : 0,
      },
      attrs: {
        dst: length === 0 ? undefined : address,
        ...gateway(spec.gw, family),
        oif: spec.oif,
        priority: spec.priority,
        table: table < 256 ? undefined : table,
        prefsrc: spec.src,
        metrics,
        multipath: spec.nexthops?.map((hop) => nexthop(hop, family)),
      },
    },
    flags,
    spec.dst,
  );
}

function scopeOf(spec: RouteSpec, family: number): number {
  if (family !== AF.INET) return RT_SCOPE.UNIVERSE;
  if (spec.type === RTN.LOCAL) return RT_SCOPE.HOST;
  const direct = spec.gw === undefined && spec.nexthops === undefined;
  const usesLink = spec.type === undefined || spec.type === RTN.UNICAST || spec.type === RTN.BROADCAST;
  return direct && usesLink ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE;
}

function gateway(gw: string | undefined, family: number): Pick<NonNullable<NexthopInput["attrs"]>, "gateway" | "via"> {
  if (gw === undefined) return {};
  const of = familyOf(gw);
  return of === family ? { gateway: gw } : { via: { family: of, address: gw } };
}

function nexthop(hop: NonNullable<RouteSpec["nexthops"]>[number], family: number): NexthopInput {
  return {
    index: hop.oif,
    hops: (hop.weight ?? 1) - 1,
    flags: hop.onlink ? RTNH_F.ONLINK : 0,
    attrs: gateway(hop.gw, family),
  };
}
