import { AF } from "../netlink/rtnl/constants.ts";
import { RT_TABLE, RTM_F } from "../netlink/rtnl/route.const.ts";
import { delRoute, getRoute, newRoute } from "../netlink/rtnl/route.ts";
import { isNetlinkError, NLM_F, type Request } from "../netlink/socket/index.ts";
import type { Message } from "../netlink/wire/index.ts";
import { parsePrefix } from "./cidr.ts";
import type { KernelContext } from "./context.ts";
import { readRoute } from "./route-answer.ts";
import { routeRequest } from "./route-request.ts";
import { type Route, toRoute } from "./route-value.ts";

export type { Route, RouteHop } from "./route-value.ts";

/** A route: `ip route`. The fields of a CNI route are among them. */
export interface RouteSpec {
  /** `10.2.0.0/16`, `0.0.0.0/0`; without a length, one address. */
  dst: string;
  /** Of the other family too: IPv4 through an IPv6 neighbour (RTA_VIA). */
  gw?: string | undefined;
  /** Index of the link. */
  oif?: number | undefined;
  /** Metric; the smaller wins. IPv6 takes 0 for 1024. */
  priority?: number | undefined;
  /** 254 (main) when absent. */
  table?: number | undefined;
  /** RT_SCOPE_*; as in `ip route`: `link` without a gateway, `host` for type local, else `universe`. IPv6 has none. */
  scope?: number | undefined;
  /** Bytes. */
  mtu?: number | undefined;
  /** Bytes. */
  advmss?: number | undefined;
  /** The gateway is on the link even if no prefix of the link says so. */
  onlink?: boolean | undefined;
  /** Source address to prefer. */
  src?: string | undefined;
  /** RTN_*; unicast when absent. */
  type?: number | undefined;
  /** RTPROT_*: who made it; boot when absent. */
  protocol?: number | undefined;
  /** Several ways, instead of `gw` and `oif`. Weights are 1..256. */
  nexthops?: readonly {
    gw?: string | undefined;
    oif?: number | undefined;
    weight?: number | undefined;
    onlink?: boolean;
  }[];
}

export interface RouteFilter {
  family?: 4 | 6 | undefined;
  /** 254 (main) when absent. */
  table?: number | "all" | undefined;
  oif?: number | undefined;
  protocol?: number | undefined;
  type?: number | undefined;
}

export interface RouteVerbs {
  /** NetlinkError EEXIST when destination, metric and table are taken. */
  add(spec: RouteSpec): Promise<void>;
  replace(spec: RouteSpec): Promise<void>;
  /** Deletes the first route that has what is given. NetlinkError ESRCH when there is none. */
  del(spec: RouteSpec): Promise<void>;
  /** IPv4 before IPv6, in the kernel's order. */
  list(filter?: RouteFilter): Promise<Route[]>;
  /** The way to an address: `ip route get`. NetlinkError ENETUNREACH, EHOSTUNREACH, EACCES or EINVAL says there is none. */
  get(dst: string, from?: { src?: string; iif?: number; oif?: number; mark?: number }): Promise<Route>;
  /** The requests that `add`, `replace` and `del` send, for `Kernel.commit`. */
  adding(spec: RouteSpec): Request;
  /** `ip route prepend`: IPv4 puts it before its equals, IPv6 makes one multipath route of them. */
  prepending(spec: RouteSpec): Request;
  replacing(spec: RouteSpec): Request;
  deleting(spec: RouteSpec): Request;
}

/** RTM_NEWROUTE read as what it means: a list of routes has no use for the form between. */
const routeAnswer = { ...newRoute, decode: readRoute } as unknown as Message;

export function routeVerbs(ctx: KernelContext): RouteVerbs {
  const adding = (spec: RouteSpec): Request => routeRequest(newRoute, spec, NLM_F.CREATE | NLM_F.EXCL);
  const prepending = (spec: RouteSpec): Request => routeRequest(newRoute, spec, NLM_F.CREATE);
  const replacing = (spec: RouteSpec): Request => routeRequest(newRoute, spec, NLM_F.CREATE | NLM_F.REPLACE);
  const deleting = (spec: RouteSpec): Request => routeRequest(delRoute, spec, 0);

  async function listFamily(family: number, filter: RouteFilter): Promise<Route[]> {
    const table = filter.table ?? RT_TABLE.MAIN;
    const header = { family, protocol: filter.protocol, type: filter.type };
    const attrs = { table: table === "all" ? undefined : table, oif: filter.oif };
    try {
      const all = (await ctx.route().dump(getRoute, { header, attrs }, routeAnswer)) as unknown as Route[];
      return all.filter((r) => (r.flags & RTM_F.CLONED) === 0);
    } catch (error) {
      // A table without a route does not exist; a kernel without IPv6 has no such family.
      if (isNetlinkError(error, "ENOENT", "EOPNOTSUPP", "EAFNOSUPPORT")) return [];
      throw error;
    }
  }

  return {
    adding,
    prepending,
    replacing,
    deleting,
    add: (spec) => ctx.route().commit(adding(spec)),
    replace: (spec) => ctx.route().commit(replacing(spec)),
    del: (spec) => ctx.route().commit(deleting(spec)),
    async list(filter = {}) {
      const families = filter.family ? [filter.family === 4 ? AF.INET : AF.INET6] : [AF.INET, AF.INET6];
      const lists: Route[][] = [];
      for (const family of families) lists.push(await listFamily(family, filter));
      return lists.flat();
    },
    async get(dst, from = {}) {
      const to = parsePrefix(dst);
      const src = from.src === undefined ? undefined : parsePrefix(from.src);
      const reply = await ctx.route().get(
        getRoute,
        {
          header: {
            family: to.family,
            dstLength: to.length,
            srcLength: src?.length,
            // IPv6 always tells the table, and refuses the flag.
            flags: to.family === AF.INET ? RTM_F.LOOKUP_TABLE : 0,
          },
          attrs: { dst: to.address, src: src?.address, iif: from.iif, oif: from.oif, mark: from.mark },
        },
        newRoute,
        dst,
      );
      return toRoute(reply);
    },
  };
}
