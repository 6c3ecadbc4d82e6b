import { CNI_CODE, CniError } from "../cni/errors.ts";
import type { CniIp, CniResult, CniRoute } from "../cni/types.ts";
import { addToIp, type Cidr, formatIp, type IpFamily, networkIp, parseCidr } from "../ip/index.ts";

/** Addresses and routes for one interface, as a main plugin makes them out of what IPAM gave. */
export interface Layer3 {
  ips: CniIp[];
  routes: CniRoute[];
}

export interface Layer3Options {
  /** Index of the container's interface in the result. */
  interfaceIndex: number;
  /** The host is the gateway: where IPAM names none, it is the network's first address. */
  isGateway: boolean;
  /** Without a default route with a gateway, one through the family's first gateway is added. */
  isDefaultGateway: boolean;
}

/** Throws CniError when IPAM gave no address, or one that is none. */
export function planLayer3(ipam: CniResult, options: Layer3Options): Layer3 {
  const ips = (ipam.ips ?? []).map((ip) => {
    const gateway = ip.gateway ?? (options.isGateway ? firstAddress(cidrOf(ip.address)) : undefined);
    return { ...ip, interface: options.interfaceIndex, ...(gateway === undefined ? {} : { gateway }) };
  });
  if (ips.length === 0)
    throw new CniError(
      CNI_CODE.OPERATION_FAILED,
      "the IPAM plugin returned no address",
      "its result needs at least one entry in ips; without ipam.type the interface gets no addresses at all",
    );
  const routes = [...(ipam.routes ?? [])];
  if (options.isDefaultGateway)
    for (const family of [4, 6] as const) {
      const gw = firstGateway(ips, family);
      const dst = family === 4 ? "0.0.0.0/0" : "::/0";
      const has = routes.some((r) => r.gw !== undefined && isDefault(r) && familyOfCidr(r.dst) === family);
      if (gw !== undefined && !has) routes.push({ dst, gw });
    }
  return { ips, routes };
}

export const familyOfCidr = (cidr: string): IpFamily => (cidr.includes(":") ? 6 : 4);

export const isDefault = (route: CniRoute): boolean => cidrOf(route.dst).prefixLen === 0;

/** The gateway that routes without one of their own go through. */
export function firstGateway(ips: readonly CniIp[], family: IpFamily): string | undefined {
  return ips.find((ip) => ip.gateway !== undefined && familyOfCidr(ip.address) === family)?.gateway;
}

/** A prefix out of a result. CniError 100 when it is none: IPAM is somebody else's program. */
export function cidrOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr) return cidr;
  throw new CniError(
    CNI_CODE.OPERATION_FAILED,
    `the IPAM plugin returned ${JSON.stringify(text)}, which is no address with prefix length`,
  );
}

/** Least MTU of IPv6 (RFC 8200, section 5). */
const IPV6_MIN_MTU = 1280;

/** CniError 7 when a link of this MTU cannot have the addresses: the kernel refuses them without a word. 0 is any. */
export function requireMtuFor(ips: readonly CniIp[], mtu: number): void {
  const six = ips.find(({ address }) => familyOfCidr(address) === 6);
  if (!six || mtu === 0 || mtu >= IPV6_MIN_MTU) return;
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    `an MTU of ${mtu} is too small for ${six.address}: IPv6 needs ${IPV6_MIN_MTU}`,
    'a greater "mtu", or no IPv6 addresses from the IPAM plugin',
  );
}

function firstAddress(cidr: Cidr): string {
  return formatIp(addToIp(networkIp(cidr), 1n));
}
