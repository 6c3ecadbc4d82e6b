import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { CniIp, CniResult, CniRoute } from "../../src/cni/types.ts";
import { formatCidr, formatIp, type Ip, ipBits, networkCidr, parseIp, sameIp } from "../../src/ip/index.ts";
import type { RouteSpec } from "../../src/kernel/route.ts";
import { RT_SCOPE } from "../../src/netlink/rtnl/route.const.ts";
import { cidrOf, type Layer3, planLayer3 } from "../../src/plugin/layer3.ts";
import { reservedAs } from "../../src/plugin/reserved.ts";

/** An address of the container, and the host's end of the link that is its gateway. */
export interface Hop {
  readonly address: Ip;
  /** `10.1.0.5/32` */
  readonly host: string;
  /** `10.1.0.0/24`; `undefined` when the address is its own prefix. */
  readonly subnet: string | undefined;
  /** `10.1.0.1` */
  readonly gateway: string;
  /** `10.1.0.1/32` */
  readonly gatewayHost: string;
}

/** Addresses, each with a gateway, and routes. CniError 100 when an address has none and its prefix leaves no room for one. */
export function planRouted(lease: CniResult): Layer3 {
  const layer3 = planLayer3(lease, { interfaceIndex: 1, isGateway: true, isDefaultGateway: false });
  for (const [i, { address, gateway }] of layer3.ips.entries()) {
    const { ip, prefixLen } = cidrOf(address);
    const host = parseIp(gateway ?? "");
    if (!host || host.family !== ip.family)
      throw noGateway(`the IPAM plugin returned gateway ${JSON.stringify(gateway)} for ${address}, which is none`);
    // Where IPAM names none it is the prefix's first address: of a prefix that short it would be another container's.
    if (lease.ips?.[i]?.gateway === undefined && prefixLen > ipBits(ip.family) - 2)
      throw noGateway(`the IPAM plugin returned no gateway for ${address}, and the prefix has no room for one`);
    for (const [what, each] of [
      ["address", ip],
      ["gateway", host],
    ] as const) {
      const reserved = reservedAs(each);
      if (reserved !== undefined)
        throw noGateway(`the IPAM plugin returned ${what} ${formatIp(each)} for ${address}, which is ${reserved}`);
    }
    if (sameIp(host, ip)) throw noGateway(`the gateway of ${address} would be the container's own address`);
  }
  return layer3;
}

const noGateway = (msg: string): CniError =>
  new CniError(
    CNI_CODE.OPERATION_FAILED,
    msg,
    "the host's end of the link gets the gateway's address; give the range or address a gateway of its own",
  );

export function hopsOf(ips: readonly CniIp[]): Hop[] {
  return ips.flatMap(({ address, gateway = "" }) => {
    const cidr = cidrOf(address);
    const via = parseIp(gateway);
    if (!via) return [];
    const bits = ipBits(cidr.ip.family);
    return [
      {
        address: cidr.ip,
        host: `${formatIp(cidr.ip)}/${bits}`,
        subnet: cidr.prefixLen === bits ? undefined : formatCidr(networkCidr(cidr)),
        gateway: formatIp(via),
        gatewayHost: `${formatIp(via)}/${bits}`,
      },
    ];
  });
}

/** Of several with the same value, the first. */
const oncePer = (hops: readonly Hop[], key: "gateway" | "subnet"): Hop[] =>
  hops.filter((hop, i) => hops.findIndex((other) => other[key] === hop[key]) === i);

/** Addresses of the host's end, each once: `10.1.0.1/32`. */
export const gatewaysOf = (hops: readonly Hop[]): string[] => oncePer(hops, "gateway").map((hop) => hop.gatewayHost);

/**
 * The container's way to everything: to the gateway on the link, and through it to its own prefix, whose other addresses
 * are not on the link.
 */
export function containerRoutes(hops: readonly Hop[]): RouteSpec[] {
  const toGateways = oncePer(hops, "gateway").map(
    (hop): RouteSpec => ({ dst: hop.gatewayHost, scope: RT_SCOPE.LINK, src: formatIp(hop.address) }),
  );
  const toSubnets = oncePer(hops, "subnet").flatMap(({ subnet, gateway, address }): RouteSpec[] =>
    subnet === undefined ? [] : [{ dst: subnet, gw: gateway, src: formatIp(address) }],
  );
  return [...toGateways, ...toSubnets];
}

/** Routes through another gateway than the host's end: the kernel has to be told that it is on the link, as the reference has it. */
export function onlinkWhereOther(routes: readonly CniRoute[], hops: readonly Hop[]): RouteSpec[] {
  const isHostEnd = (gw: string): boolean => {
    const ip = parseIp(gw);
    return ip !== undefined && hops.some(({ gateway }) => gateway === formatIp(ip));
  };
  return routes.map((route) => (route.gw && !isHostEnd(route.gw) ? { ...route, onlink: true } : route));
}

/** The host's way to the container. Scope host is what the reference writes; IPv6 has none. */
export const hostRoute = ({ host }: Hop, oif: number): RouteSpec => ({ dst: host, oif, scope: RT_SCOPE.HOST });
