import type { AttachmentRequest } from "../../src/cni/types.ts";
import { formatIp } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { IFF } from "../../src/netlink/rtnl/link.const.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { isLoopback } from "../../src/plugin/nat/port-keys.ts";
import type { Publication } from "../../src/plugin/nat/publish.ts";
import { hostVethName, ownerOf } from "../../src/plugin/owner.ts";
import type { PortmapConf } from "./config.ts";

/** Whether the host's own 127.0.0.1 reaches it. */
const isForLoopback = (p: Publication): boolean =>
  p.family === 4 && p.hairpin !== undefined && (p.hostAddress === undefined || isLoopback(p.hostAddress));

/** Finds links by name or index, each at most once: a container's port, its bridge and the way to it are mostly two links. */
export type FindLink = (target: string | number) => Promise<Link | undefined>;

export function linkFinder({ link }: Kernel): FindLink {
  const found: Link[] = [];
  return async (target) => {
    const known = found.find(({ name, index }) => target === name || target === index);
    if (known) return known;
    const got = await link.get(target);
    if (got) found.push(got);
    return got;
  };
}

/**
 * The parameter that lets the host's 127.0.0.1 lead out by the container's link, if any port is published there. The raw
 * chain keeps others from using it.
 */
export async function routeLocalnetKey(
  host: Kernel,
  findLink: FindLink,
  publications: readonly Publication[],
): Promise<string | undefined> {
  const first = publications.find(isForLoopback);
  if (!first) return undefined;
  const { oif } = await host.route.get(formatIp(first.target));
  const link = oif === undefined ? undefined : await findLink(oif);
  return link && !link.loopback ? `net/ipv4/conf/${link.name}/route_localnet` : undefined;
}

export async function ensureRouteLocalnet(
  host: Kernel,
  findLink: FindLink,
  publications: readonly Publication[],
): Promise<void> {
  const key = await routeLocalnetKey(host, findLink, publications);
  if (key !== undefined && (await host.sysctl.get(key)) !== "1") await host.sysctl.set(key, "1");
}

/**
 * The container's ports on bridges that must send frames back where they came from, for its own requests to its published
 * ports where bridged frames are translated (`bridge-nf-call-iptables` 1). A promiscuous bridge does so anyway.
 */
export async function hairpinPorts(findLink: FindLink, req: AttachmentRequest<PortmapConf>): Promise<Link[]> {
  const ports: Link[] = [];
  const listed = (req.conf.prevResult?.interfaces ?? []).flatMap(({ name, sandbox }) => (sandbox ? [] : [name]));
  // Results of 0.1.0 and 0.2.0 list no interfaces; our bridge's port has a name that follows from the attachment.
  const names = listed.length > 0 ? listed : [hostVethName(ownerOf(attachmentOf(req)))];
  for (const name of names) {
    const link = await findLink(name);
    if (!link?.bridgePort || link.kind !== "veth" || link.master === undefined) continue;
    const bridge = await findLink(link.master);
    // The flag, not the count: a packet capture is promiscuous for a while too.
    if (bridge?.kind === "bridge" && (bridge.flags & IFF.PROMISC) === 0) ports.push(link);
  }
  return ports;
}

/** @param changed gets the ports that were not in that mode before */
export async function ensureHairpin(
  host: Kernel,
  findLink: FindLink,
  req: AttachmentRequest<PortmapConf>,
  changed: Link[],
): Promise<void> {
  for (const port of await hairpinPorts(findLink, req)) {
    if (port.bridgePort?.hairpin) continue;
    await setHairpin(host, port, true);
    changed.push(port);
  }
}

export async function removeHairpin(host: Kernel, ports: readonly Link[]): Promise<void> {
  for (const port of ports) await setHairpin(host, port, false);
}

async function setHairpin(host: Kernel, port: Link, hairpin: boolean): Promise<void> {
  try {
    await host.link.setBridgePort(port.index, { hairpin });
  } catch (error) {
    // The container's link may go while we look at it: then nothing is left to set.
    if (!isNetlinkError(error, "ENODEV")) throw error;
  }
}
