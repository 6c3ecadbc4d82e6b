import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { type Cidr, formatIp, type Ip, ipBits, lastIp, networkCidr, parseIp } from "../../ip/index.ts";
import type { Addr } from "../../kernel/addr.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Link } from "../../kernel/link.ts";
import type { Route } from "../../kernel/route.ts";
import { IFA_F } from "../../netlink/rtnl/addr.const.ts";
import { RT_SCOPE } from "../../netlink/rtnl/route.const.ts";
import type { OverlayConf } from "./config.ts";

/** Where the tunnels run: a link of this host and its address there. */
export interface Underlay {
  readonly link: Link;
  readonly local: Ip;
  /** All addresses of the link, to tell who is on it. */
  readonly addresses: readonly Addr[];
  /** All of the host: none of them is another host's. */
  readonly hostAddresses: readonly Addr[];
}

/** Bytes in front of an inner packet: outer IP, UDP 8, VXLAN 8, inner Ethernet 14 (RFC 7348, section 5). */
const OVERHEAD = { 4: 50, 6: 70 } as const;

/**
 * `dev` and `local` of the config; of what it leaves out, the link that has the address, the link's first address, the
 * default route's link. Where both families would do, that of the peers counts. CniError 7 when there is none.
 */
export async function findUnderlay(
  host: Kernel,
  conf: Pick<OverlayConf, "dev" | "local">,
  familyOfPeers: 4 | 6 | undefined,
): Promise<Underlay> {
  const { local } = conf;
  if (conf.dev !== undefined) {
    const link = await host.link.get(conf.dev);
    if (!link)
      throw noUnderlay(`there is no link "${conf.dev}"`, 'key "dev" names the link that reaches the other hosts');
    return withAddress(host, link, local, familyOfPeers);
  }
  if (local !== undefined) {
    const holder = (await host.addr.list()).find((a) => a.address === formatIp(local));
    const link = holder && (await host.link.get(holder.link));
    if (!link)
      throw noUnderlay(
        `no link of this host has the address ${formatIp(local)}`,
        'key "local" is this host\'s own address',
      );
    return withAddress(host, link, local, familyOfPeers);
  }
  const families = familyOfPeers === undefined ? ([4, 6] as const) : ([familyOfPeers] as const);
  for (const family of families) {
    const [best] = (await host.route.list({ family }))
      .filter((route) => route.dst === (family === 4 ? "0.0.0.0/0" : "::/0") && linkOf(route) !== undefined)
      .sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0));
    const index = best && linkOf(best);
    const link = index === undefined ? undefined : await host.link.get(index);
    if (!best || !link) continue;
    return withAddress(host, link, best.src === undefined ? undefined : parseIp(best.src), family);
  }
  throw noUnderlay(
    `this host has no IPv${families.join(" or IPv")} default route, so there is no telling which link reaches the other hosts`,
    'set "dev" or "local"',
  );
}

/** Of several ways the first. */
const linkOf = ({ oif, nexthops }: Route): number | undefined => oif ?? nexthops?.[0]?.oif;

/** Not one that comes and goes by itself (RFC 8981), nor one that is on its way out. */
const isLasting = (a: Addr): boolean =>
  a.scope === RT_SCOPE.UNIVERSE && !a.deprecated && !a.dadFailed && !(a.family === 6 && a.flags & IFA_F.TEMPORARY);

async function withAddress(
  host: Kernel,
  link: Link,
  local: Ip | undefined,
  family: 4 | 6 | undefined,
): Promise<Underlay> {
  const hostAddresses = await host.addr.list();
  const addresses = hostAddresses.filter((a) => a.link === link.index);
  const usable = addresses.filter(isLasting);
  const [first] = family === undefined ? usable : usable.filter((a) => a.family === family);
  const found = local === undefined ? first : addresses.find((a) => a.address === formatIp(local));
  const ip = found && parseIp(found.address);
  if (!ip)
    throw noUnderlay(
      local === undefined
        ? `link "${link.name}" has no global ${family === undefined ? "" : `IPv${family} `}address`
        : `link "${link.name}" does not have the address ${formatIp(local)}`,
      'the VXLAN device sends from that address; give the link one, or set "dev" and "local"',
    );
  return { link, local: ip, addresses, hostAddresses };
}

const noUnderlay = (why: string, details: string): CniError =>
  new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `cannot find the underlay: ${why}`, details);

/** The prefixes that are on the underlay's own link. */
export const prefixesOf = ({ addresses }: Underlay): Cidr[] =>
  addresses.flatMap(({ address, prefixLen }) => {
    const ip = parseIp(address);
    return ip ? [networkCidr({ ip, prefixLen })] : [];
  });

/** Addresses that no other host can have, each with whose it is: this host's, and the link's broadcast addresses. */
export function takenAddresses(underlay: Underlay): Map<string, string> {
  const taken = new Map<string, string>();
  for (const { ip, prefixLen } of prefixesOf(underlay)) {
    // But for point-to-point links (RFC 3021, RFC 6164).
    if (prefixLen > ipBits(ip.family) - 2) continue;
    const all = `${ip.family === 4 ? "broadcasts" : "all routers"} on "${underlay.link.name}"`;
    taken.set(formatIp(ip), all);
    if (ip.family === 4) taken.set(formatIp(lastIp({ ip, prefixLen })), all);
  }
  for (const { address } of underlay.hostAddresses) {
    const ip = parseIp(address);
    if (ip) taken.set(formatIp(ip), "this host");
  }
  return taken;
}

/** What fits through a tunnel over this link. */
export const roomWithin = ({ link, local }: Underlay): number => link.mtu - OVERHEAD[local.family];

/** Least MTU of IPv6 (RFC 8200, section 5). */
const IPV6_MIN_MTU = 1280;

/**
 * What fits through the tunnel, or the smaller `wanted` (0 is none). CniError 7 names the largest that does.
 * @param key the place that wants it, for the error
 */
export function overlayMtu(underlay: Underlay, wanted: number, key: string, hasInnerIpv6: boolean): number {
  const { link, local } = underlay;
  const overhead = OVERHEAD[local.family];
  const largest = roomWithin(underlay);
  const mtu = wanted === 0 ? largest : wanted;
  const why = `link "${link.name}" has ${link.mtu}, VXLAN over IPv${local.family} takes ${overhead} of it`;
  if (mtu > largest)
    throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `${key} ${mtu} cannot fit: the largest is ${largest}`, why);
  const least = hasInnerIpv6 ? IPV6_MIN_MTU : 68;
  if (mtu < least)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `an MTU of ${mtu} inside the overlay is too small: ${hasInnerIpv6 ? "IPv6" : "IPv4"} needs ${least}`,
      wanted === 0 ? why : `${key}; the largest is ${largest}: ${why}`,
    );
  return mtu;
}
