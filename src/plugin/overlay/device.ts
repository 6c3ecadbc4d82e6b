import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { formatIp } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Link } from "../../kernel/link.ts";
import { isNetlinkError } from "../../netlink/socket/index.ts";
import { deleteLink } from "../attachment-links.ts";
import { networkHash } from "../owner.ts";
import { optional } from "../sandbox.ts";
import { type DeviceDifference, deviceDifferences, innerAddresses, vxlanSettings } from "./device-difference.ts";
import { deleteDirectRoutes } from "./direct-routes.ts";
import { isHalfMade, overlayMark, overlayNetwork, overlayOf, vxlanOf } from "./mark.ts";
import type { OverlayPlan } from "./plan.ts";
import { vtepMac } from "./vtep.ts";

/** This network's VXLAN links, and what of other people is in the plan's way. */
export interface FoundDevices {
  /** The one of the plan's name. */
  readonly current: Link | undefined;
  /** Of an earlier config of the network. */
  readonly outdated: readonly Link[];
}

/** CniError 7 when name or VNI belong to something else. Changes nothing. */
export async function findDevices(host: Kernel, plan: OverlayPlan): Promise<FoundDevices> {
  const named = await host.link.get(plan.device);
  const hash = networkHash(plan.network);
  const isOurs = (link: Link): boolean => overlayOf(link) === hash;
  if (named && !(vxlanOf(named) && (isOurs(named) || isHalfMade(named, plan.vni))))
    throw taken(`link "${plan.device}" is already there and is not this network's: it is ${describe(named)}`);
  const others = (await host.link.list({ kind: "vxlan" })).filter((link) => link.name !== plan.device);
  const holder = others.find((link) => {
    const data = vxlanOf(link);
    return !isOurs(link) && data?.vni === plan.vni && data.port === plan.port;
  });
  if (holder)
    throw taken(`VNI ${plan.vni} on UDP port ${plan.port} is used by link "${holder.name}", ${describe(holder)}`);
  const ofPort = others.find((link) => !isOurs(link) && vxlanOf(link)?.port === plan.port && needsOwnPort(link, plan));
  if (ofPort) throw taken(`UDP port ${plan.port} is used by link "${ofPort.name}", ${describe(ofPort)}`, "port");
  return { current: named, outdated: others.filter(isOurs) };
}

function describe(link: Link): string {
  if (overlayOf(link) !== undefined) return `the overlay of network "${overlayNetwork(link)}"`;
  return link.kind === undefined ? "a physical device" : `of kind ${link.kind}, made by another program`;
}

/** VXLAN links share a port unless their frames look different (external, group policy, generic protocol). */
function needsOwnPort(link: Link, { underlay }: OverlayPlan): boolean {
  const data = vxlanOf(link) ?? {};
  const family = data.local6 === undefined ? 4 : 6;
  return !!data.collectMetadata || ((!!data.gbp || !!data.gpe) && family === underlay.local.family);
}

const taken = (why: string, key = "vni"): CniError =>
  new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    why,
    `give the network another "${key}" (on every host), or remove the link if nobody uses it`,
  );

/**
 * Makes the device, or makes the one that is there as planned. Gives it, and what was changed, a line each.
 * @param found what `findDevices` gave, under the same lock
 */
export async function ensureDevice(
  host: Kernel,
  plan: OverlayPlan,
  { current, outdated }: FoundDevices,
): Promise<{ link: Link; changes: string[] }> {
  const changes: string[] = [];
  for (const link of outdated) {
    await deleteLink(host, link.index);
    await deleteDirectRoutes(host, new Set([vxlanOf(link)?.vni ?? 0]));
    changes.push(`- link ${link.name}`);
  }
  const difference = current && deviceDifferences(current, await host.addr.list(current.index), plan);
  if (current && difference && !difference.remake) {
    changes.push(...difference.texts.map((text) => `~ link ${plan.device} ${text}`));
    await adapt(host, current, plan, difference);
  } else {
    if (current) await deleteLink(host, current.index);
    if (current) changes.push(`- link ${plan.device} ${difference?.texts.join(", ")}`);
    await make(host, plan);
    changes.push(`+ link ${plan.device} mac ${plan.mac} local ${formatIp(plan.underlay.local)} mtu ${plan.mtu}`);
  }
  const link = await host.link.get(plan.device);
  if (link) return { link, changes };
  throw new CniError(CNI_CODE.TRY_AGAIN_LATER, `link "${plan.device}" was deleted while it was being made`);
}

async function make(host: Kernel, plan: OverlayPlan): Promise<void> {
  const { local } = plan.underlay;
  const { index } = await host.link.add({
    name: plan.device,
    // By the rule at first: so it is known for ours until the mark is there.
    address: vtepMac(local, plan.vni),
    mtu: plan.mtu,
    info: { kind: "vxlan", data: vxlanSettings(plan) },
  });
  try {
    await setSysctls(host, plan.device);
    await host.commit(
      host.link.setting(index, { alias: overlayMark(plan.network), address: plan.mac }),
      ...innerAddresses(plan.subnets).map((address) => host.addr.adding({ link: index, address, nodad: true })),
      host.link.setting(index, { up: true }),
    );
  } catch (error) {
    await deleteLink(host, index);
    throw asTakenPort(error, plan);
  }
}

async function adapt(host: Kernel, link: Link, plan: OverlayPlan, difference: DeviceDifference): Promise<void> {
  const { changes, settings, surplus, missing } = difference;
  if (difference.texts.length === 0) return;
  if (settings) await host.link.setKind(link.index, { kind: "vxlan", data: settings });
  await setSysctls(host, plan.device);
  try {
    await host.commit(
      ...surplus.map((address) => host.addr.deleting(link.index, address)),
      host.link.setting(link.index, changes),
      ...missing.map((address) => host.addr.adding({ link: link.index, address, nodad: true })),
      host.link.setting(link.index, { up: true }),
    );
  } catch (error) {
    throw asTakenPort(error, plan);
  }
}

/** No address of its own making, none by router advertisements. */
async function setSysctls(host: Kernel, device: string): Promise<void> {
  for (const [key, value] of [
    [`net/ipv6/conf/${device}/addr_gen_mode`, "1"],
    [`net/ipv6/conf/${device}/accept_ra`, "0"],
  ] as const)
    await optional(() => host.sysctl.set(key, value));
  await optional(() => loosenReversePath(host, device));
}

/**
 * Packets of a host that uses the tunnel while we route to it directly are welcome: where the reverse path is checked
 * strictly, loosely is enough. Where it is not checked, each packet is spared the look.
 */
async function loosenReversePath(host: Kernel, device: string): Promise<void> {
  const keys = ["all", device].map((name) => `net/ipv4/conf/${name}/rp_filter`);
  // The greater one holds (Documentation/networking/ip-sysctl.rst).
  const values = [];
  for (const key of keys) values.push(Number(await host.sysctl.get(key)));
  if (Math.max(...values) === 1) await host.sysctl.set(`net/ipv4/conf/${device}/rp_filter`, "2");
}

function asTakenPort(error: unknown, { port, device }: OverlayPlan): unknown {
  if (!isNetlinkError(error, "EADDRINUSE")) return error;
  return new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    `cannot bring up "${device}": UDP port ${port} is already used by something else on this host`,
    `ss -Hlnup 'sport = :${port}' and ip -d link show type vxlan show by what; give the network another "port" (on every host)`,
    { cause: error },
  );
}
