import { cidrContains, formatIp, type Ip, parseCidr, parseIp } from "../../ip/index.ts";
import type { Route } from "../../kernel/route.ts";
import { RTN } from "../../netlink/rtnl/route.const.ts";
import type { Snapshot } from "../look/index.ts";

const MAIN = 254;

/** An address of everywhere else: none that somebody's list of unused or private ones has. No packet goes there. */
export const OUTSIDE: Readonly<Record<4 | 6, Ip>> = {
  4: { family: 4, value: (11n << 24n) | 1n },
  6: parseIp("2600::1") as Ip,
};

/** Whether packets go by the usual tables alone: with rules of somebody's it cannot be told from the tables. */
export function isPlain({ rules }: Snapshot): boolean {
  return (
    rules?.every(({ priority, table }) => priority === 0 || (priority >= 32766 && (table === 253 || table === MAIN))) ??
    false
  );
}

/** The link that packets to an address leave by: the longest prefix of the main table, of equals the smallest metric. */
export function wayTo(where: Snapshot, to: Ip): number | undefined {
  let best: { route: Route; length: number } | undefined;
  for (const route of where.routes ?? []) {
    if (route.table !== MAIN || route.family !== to.family) continue;
    const cidr = parseCidr(route.dst);
    if (!cidr || !cidrContains(cidr, to)) continue;
    const length = cidr.prefixLen;
    if (
      best &&
      (length < best.length || (length === best.length && (route.priority ?? 0) >= (best.route.priority ?? 0)))
    )
      continue;
    best = { route, length };
  }
  if (!best || best.route.type !== RTN.UNICAST) return undefined;
  return best.route.oif ?? best.route.nexthops?.[0]?.oif;
}

/** Whether an address is the namespace's own. */
export const isLocalIn = (where: Snapshot): ((ip: Ip) => boolean) => {
  const own = new Set((where.addrs ?? []).map(({ address }) => address));
  return (ip) => own.has(formatIp(ip)) || (ip.family === 4 ? ip.value >> 24n === 127n : ip.value === 1n);
};

/** 0 off, 1 strict, 2 loose: the greater of `all` and the link's own (Documentation/networking/ip-sysctl.rst). */
export const sourceCheck = ({ sysctls }: Snapshot, link: string): number =>
  Math.max(...["all", link].map((name) => Number(sysctls?.get(`net/ipv4/conf/${name}/rp_filter`) ?? 0)));
