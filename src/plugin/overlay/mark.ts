import { formatIp, parseIp } from "../../ip/index.ts";
import type { Link } from "../../kernel/link.ts";
import { networkHash } from "../owner.ts";
import { deviceName, vtepMac } from "./vtep.ts";

/** Bytes of an alias (`MAX_ALIAS`), less the words before the name. */
const MAX_NAME = 200;

/** The alias of a network's VXLAN device: `tsnet1 overlay <network hash> <network>`; only the hash is compared. */
export const overlayMark = (network: string): string =>
  `tsnet1 overlay ${networkHash(network)} ${network.slice(0, MAX_NAME)}`;

/** The hash of the network whose device this is; `undefined` for somebody else's link. */
export const overlayOf = (link: Pick<Link, "alias">): string | undefined =>
  /^tsnet1 overlay ([0-9a-f]{16})( |$)/.exec(link.alias ?? "")?.[1];

/** The network's name, from its device's alias. */
export const overlayNetwork = (link: Pick<Link, "alias">): string =>
  /^tsnet1 overlay [0-9a-f]{16} (.*)$/.exec(link.alias ?? "")?.[1] ?? "";

/** The settings of a VXLAN link; `undefined` for another kind. */
export const vxlanOf = (link: Link) => (link.info?.kind === "vxlan" ? (link.info.data ?? {}) : undefined);

/**
 * A device that was made by us and killed before its mark came, which is a message of its own: it has our name, no alias, and
 * the hardware address that follows from its own settings.
 */
export function isHalfMade(link: Link, vni: number): boolean {
  const data = vxlanOf(link);
  const local = parseIp(data?.local ?? data?.local6 ?? "");
  return (
    !link.alias && link.name === deviceName(vni) && data?.vni === vni && !!local && link.mac === vtepMac(local, vni)
  );
}

/** The underlay address of a VXLAN link, in canonical form. */
export function localOf(link: Link): string | undefined {
  const data = vxlanOf(link);
  const ip = parseIp(data?.local ?? data?.local6 ?? "");
  return ip && formatIp(ip);
}
