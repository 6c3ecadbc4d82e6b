import {
  cidrContains,
  formatCidr,
  formatIp,
  type Ip,
  ipBits,
  networkCidr,
  parseCidr,
  parseIp,
} from "../../ip/index.ts";
import type { Fdb } from "../../kernel/fdb.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Neigh } from "../../kernel/neigh.ts";
import type { Route, RouteSpec } from "../../kernel/route.ts";
import { isNetlinkError } from "../../netlink/socket/index.ts";
import type { Remote } from "./choose-peers.ts";
import { gatewaysOf } from "./device-difference.ts";
import type { OverlayPlan } from "./plan.ts";

/** Marks our routes (rtnetlink's `rtm_protocol`, of the numbers that are nobody's): leftovers of an earlier run are found by it. */
export const ROUTE_PROTOCOL = 157;

/** How one remote host is to be reached. */
export interface RemoteEntries {
  readonly remote: Remote;
  /** Over the link itself, for subnets of the underlay's family; the tunnel's entries stand all the same. */
  readonly direct: boolean;
  readonly fdb: { readonly mac: string; readonly dst: string };
  readonly neigh: readonly { readonly dst: string; readonly mac: string }[];
  readonly routes: readonly RouteSpec[];
}

/**
 * Static entries for every remote host: where frames to its VTEP go, which hardware address its inner addresses have, and what
 * is behind it. Nothing is learned and nothing flooded.
 * @param device index of the VXLAN link
 */
export async function wantedEntries(host: Kernel, plan: OverlayPlan, device: number): Promise<RemoteEntries[]> {
  const entries: RemoteEntries[] = [];
  for (const remote of plan.remotes) {
    const direct = plan.directRouting && (await isOnLink(host, plan, remote.address));
    const gateways = gatewaysOf(remote.subnets);
    // Else what the other side drops as too large is dropped without a word.
    const mtu = remote.mtu !== undefined && remote.mtu < plan.mtu ? remote.mtu : undefined;
    entries.push({
      remote,
      direct,
      fdb: { mac: remote.mac, dst: formatIp(remote.address) },
      neigh: gateways.map((ip) => ({ dst: formatIp(ip), mac: remote.mac })),
      routes: remote.subnets.map((subnet) => {
        const { family } = subnet.ip;
        const dst = formatCidr(subnet);
        if (direct && family === remote.address.family)
          return {
            dst,
            gw: formatIp(remote.address),
            oif: plan.underlay.link.index,
            protocol: ROUTE_PROTOCOL,
            // Tells the network: several may route through one link.
            priority: plan.vni,
            mtu,
          };
        const gateway = gateways.find((ip) => ip.family === family);
        return { dst, gw: gateway && formatIp(gateway), oif: device, onlink: true, protocol: ROUTE_PROTOCOL, mtu };
      }),
    });
  }
  return entries;
}

/** Whether the host reaches an address on the underlay's link without a gateway. */
async function isOnLink(host: Kernel, { underlay }: OverlayPlan, address: Ip): Promise<boolean> {
  const inPrefix = underlay.addresses.some((a) => {
    const ip = parseIp(a.address);
    return ip !== undefined && a.prefixLen < ipBits(ip.family) && cidrContains({ ip, prefixLen: a.prefixLen }, address);
  });
  if (!inPrefix) return false;
  try {
    const route = await host.route.get(formatIp(address));
    return route.gw === undefined && route.nexthops === undefined && route.oif === underlay.link.index;
  } catch (error) {
    if (isNetlinkError(error, "ENETUNREACH", "EHOSTUNREACH", "EACCES", "EINVAL")) return false;
    throw error;
  }
}

/** What stands in the kernel's tables for a device; of the routes, those with our protocol. */
export interface PresentEntries {
  readonly fdb: readonly Fdb[];
  readonly neigh: readonly Neigh[];
  readonly routes: readonly Route[];
}

export async function presentEntries(host: Kernel, device: number, vni: number): Promise<PresentEntries> {
  const fdb = await host.fdb.list({ link: device });
  const neigh = await host.neigh.list(device);
  const routes = (await host.route.list({ protocol: ROUTE_PROTOCOL })).filter(
    (route) => route.protocol === ROUTE_PROTOCOL && (route.oif === device || isDirectOf(route, vni)),
  );
  return { fdb, neigh, routes };
}

/** A plain route of the network with this VNI. */
export const isDirectOf = (route: Route, vni: number): boolean => vni !== 0 && route.priority === vni;

/** Prefixes in one form, as the kernel and the config may write them in different ones. */
export function routeKey(dst: string, priority: number | undefined): string {
  const cidr = parseCidr(dst);
  const usual = dst.includes(":") ? 1024 : 0;
  return `${cidr ? formatCidr(networkCidr(cidr)) : dst} ${priority ?? usual}`;
}
