import { formatIp, type Ip, parseCidr, parseIp } from "../../ip/index.ts";
import type { Link } from "../../kernel/link.ts";
import type { Route } from "../../kernel/route.ts";
import type { Rule } from "../../kernel/rule.ts";
import { RTN } from "../../netlink/rtnl/route.const.ts";
import type { Snapshot } from "../look/index.ts";

const MAIN = 254;

/** An address of everywhere else: none that somebody's list of unused or private ones has. No packet goes there. */
export const OUTSIDE: Readonly<Record<4 | 6, Ip>> = {
  4: { family: 4, value: (11n << 24n) | 1n },
  6: parseIp("2600::1") as Ip,
};

/** One of those that every namespace begins with: the tables local, main and default. */
export const isUsual = ({ priority, table }: Rule): boolean =>
  priority === 0 || (priority >= 32766 && (table === 253 || table === MAIN));

/** Whether packets go by the usual tables alone: with rules of somebody's it cannot be told from the tables. */
export const isPlain = ({ rules }: Snapshot): boolean => rules?.every(isUsual) ?? false;

/** The best routes of the main table by length of their prefix, the longest first, and by its bits. */
type Lookup = readonly { readonly length: number; readonly routes: Map<bigint, Route> }[];

const BITS = { 4: 32, 6: 128 } as const;
/** Hosts have a route for each container of some networks, and each container is asked about. */
const LOOKUPS = new WeakMap<readonly Route[], Readonly<Record<4 | 6, Lookup>>>();

function lookupOf(routes: readonly Route[], family: 4 | 6): Lookup {
  const byLength = new Map<number, Map<bigint, Route>>();
  for (const route of routes) {
    const cidr = route.table === MAIN && route.family === family ? parseCidr(route.dst) : undefined;
    if (!cidr) continue;
    const same = byLength.get(cidr.prefixLen) ?? new Map<bigint, Route>();
    byLength.set(cidr.prefixLen, same);
    const network = cidr.ip.value >> BigInt(BITS[family] - cidr.prefixLen);
    const there = same.get(network);
    if (!there || (route.priority ?? 0) < (there.priority ?? 0)) same.set(network, route);
  }
  return [...byLength]
    .map(([length, found]) => ({ length, routes: found }))
    .sort((one, other) => other.length - one.length);
}

/** The link that packets to an address leave by: the longest prefix of the main table, of equals the smallest metric. */
export function wayTo({ routes = [] }: Snapshot, to: Ip): number | undefined {
  let lookups = LOOKUPS.get(routes);
  if (!lookups) {
    lookups = { 4: lookupOf(routes, 4), 6: lookupOf(routes, 6) };
    LOOKUPS.set(routes, lookups);
  }
  for (const { length, routes: found } of lookups[to.family]) {
    const best = found.get(to.value >> BigInt(BITS[to.family] - length));
    if (best) return best.type === RTN.UNICAST ? (best.oif ?? best.nexthops?.[0]?.oif) : undefined;
  }
  return undefined;
}

/** The link packets to outside leave by; `undefined` when there is none, or it cannot be told. */
export function uplinkOf(host: Snapshot, family: 4 | 6): Link | undefined {
  const index = isPlain(host) ? wayTo(host, OUTSIDE[family]) : undefined;
  return index === undefined ? undefined : host.links?.find((link) => link.index === index);
}

/** Whether an address is the namespace's own. */
export const isLocalIn = (where: Snapshot): ((ip: Ip) => boolean) => {
  const own = new Set((where.addrs ?? []).map(({ address }) => address));
  return (ip) => own.has(formatIp(ip)) || (ip.family === 4 ? ip.value >> 24n === 127n : ip.value === 1n);
};

/** 0 off, 1 strict, 2 loose: the greater of `all` and the link's own (Documentation/networking/ip-sysctl.rst). */
export const sourceCheck = ({ sysctls }: Snapshot, link: string): number =>
  Math.max(...["all", link].map((name) => Number(sysctls?.get(`net/ipv4/conf/${name}/rp_filter`) ?? 0)));
