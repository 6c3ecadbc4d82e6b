import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import type { BandwidthConf, Rate } from "./config.ts";
import type { Limit } from "./limit.ts";

/** Where an attachment is shaped. */
export interface Place {
  /** The namespace of the link, and of its IFB. */
  readonly kernel: Kernel;
  readonly link: Link;
  /** As `sandbox` in a result; absent on the host. */
  readonly sandbox: string | undefined;
  /** On what leaves the link. */
  readonly leaving: Limit | undefined;
  /** On what arrives at it, when it leaves the IFB. */
  readonly arriving: Limit | undefined;
}

/**
 * A veth pair is shaped at the host's end, where the container cannot undo it. Other interfaces (macvlan, ipvlan, a device
 * of the host) have no such end and are shaped in the container's namespace.
 */
export async function placeOf(
  { conf, ifName, netns }: AttachmentRequest<BandwidthConf>,
  host: Kernel,
  sandbox: Kernel,
): Promise<Place> {
  const inside = await sandbox.link.get(ifName);
  if (!inside)
    throw new CniError(
      CNI_CODE.OPERATION_FAILED,
      `the container has no interface "${ifName}" to limit`,
      "bandwidth comes after the plugin that makes it",
    );
  const limit = (rate: Rate | undefined, other: Limit["other"]): Limit | undefined =>
    rate && { ...rate, subnets: conf.subnets, other };
  const toContainer = limit(conf.ingress, "src");
  const fromContainer = limit(conf.egress, "dst");
  const hostEnd = await peerOnHost(host, sandbox, inside);
  return hostEnd
    ? { kernel: host, link: hostEnd, sandbox: undefined, leaving: toContainer, arriving: fromContainer }
    : { kernel: sandbox, link: inside, sandbox: netns, leaving: fromContainer, arriving: toContainer };
}

/**
 * The other end of a veth pair, when it is on the host. An index says little: the first interface of every container has the
 * same, so it must be this namespace to which the host's end leads.
 */
export async function peerOnHost(host: Kernel, sandbox: Kernel, inside: Link): Promise<Link | undefined> {
  if (inside.kind !== "veth" || inside.peerIndex === undefined) return undefined;
  const found = await host.link.get(inside.peerIndex);
  if (found?.kind !== "veth" || found.peerIndex !== inside.index) return undefined;
  const [there] = await host.netnsIds([sandbox.netns]);
  return found.peerNetnsId === there ? found : undefined;
}
