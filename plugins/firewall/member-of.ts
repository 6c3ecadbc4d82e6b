import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest, CniResult } from "../../src/cni/types.ts";
import { type Cidr, formatIp, parseCidr } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { IFNAMSIZ } from "../../src/plugin/nat/link-key.ts";
import { reservedAs } from "../../src/plugin/reserved.ts";
import type { FirewallConf } from "./config.ts";
import type { Member } from "./member.ts";
import type { Profile } from "./profile.ts";

export function requirePrevResult({ conf }: AttachmentRequest<FirewallConf>): CniResult {
  if (conf.prevResult) return conf.prevResult;
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    "firewall must come after another plugin in the list",
    "there is no prevResult, which says which addresses the container has",
  );
}

/** All of the result, as in the reference: whatever the interface. Each once; what nobody can have is left out. */
export function addressesOf({ ips = [] }: CniResult): Cidr[] {
  const found = new Map<string, Cidr>();
  for (const { address } of ips) {
    const cidr = parseCidr(address);
    if (cidr && reservedAs(cidr.ip) === undefined) found.set(formatIp(cidr.ip), cidr);
  }
  return [...found.values()];
}

/** The links on the host that the result lists. Others list there what is no link: a path of a socket, say. */
export const hostSideOf = ({ interfaces = [] }: CniResult): string[] =>
  interfaces.flatMap(({ name, sandbox }) => (sandbox || !mayBeLink(name) ? [] : [name]));

/** `dev_valid_name`, net/core/dev.c, where all spaces are ASCII's. Half of a character is none. */
const mayBeLink = (name: string): boolean =>
  /^(?!\.{1,2}$)[^/:\0\t-\r \ud800-\udfff]+$/u.test(name) && new TextEncoder().encode(name).length < IFNAMSIZ;

/** An address like 0.0.0.0 in the map would let through what nobody means. */
function refuseReserved({ ips = [] }: CniResult): void {
  for (const { address } of ips) {
    const cidr = parseCidr(address);
    const what = cidr && reservedAs(cidr.ip);
    if (what !== undefined)
      throw new CniError(
        CNI_CODE.INVALID_NETWORK_CONFIG,
        `prevResult: no container can have the address "${address}"`,
        `it is of a range that is reserved: ${what}`,
      );
  }
}

/** What a request asks for. */
export async function memberOf(host: Kernel, req: AttachmentRequest<FirewallConf>): Promise<Member> {
  const { mark, adminChain, policy } = req.conf;
  const result = requirePrevResult(req);
  refuseReserved(result);
  const addresses = addressesOf(result);
  const hostSide = hostSideOf(result);
  const link = policy === "open" ? undefined : await linkTo(host, addresses, hostSide);
  if (policy !== "open" && link === undefined)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `key "ingressPolicy": "${policy}" needs a network whose packets pass the host`,
      "prevResult lists no interface on the host: packets of macvlan and the like go past its firewall",
    );
  const profile = (family: 4 | 6): Profile => ({ family, mark, adminChain, policy, link });
  return {
    attachment: attachmentOf(req),
    addresses,
    mark,
    hostSide,
    profiles: { 4: profile(4), 6: profile(6) },
    port: policy === "isolated" ? await bridgePort(host, hostSide) : undefined,
  };
}

/**
 * The host's link by which packets reach the container: where the routes say so one of the result's, so that a bridge's VLAN
 * interface is found, otherwise the first of it, as in the reference.
 */
async function linkTo(
  host: Kernel,
  addresses: readonly Cidr[],
  hostSide: readonly string[],
): Promise<string | undefined> {
  for (const { ip } of addresses) {
    try {
      const { oif } = await host.route.get(formatIp(ip));
      const link = oif === undefined ? undefined : await host.link.get(oif);
      if (link && hostSide.includes(link.name)) return link.name;
    } catch (error) {
      // No route: a network on layer 2.
      if (!isNetlinkError(error, "ENETUNREACH", "EHOSTUNREACH", "EACCES", "EINVAL")) throw error;
    }
  }
  return hostSide[0];
}

/** The container's port on a bridge, if it has one. */
export async function bridgePort(host: Kernel, hostSide: readonly string[]): Promise<string | undefined> {
  for (const name of hostSide) if ((await host.link.get(name))?.bridgePort) return name;
  return undefined;
}
