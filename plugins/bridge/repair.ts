import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { checkFailed, ownIps } from "../../src/plugin/check.ts";
import { masquerade } from "../../src/plugin/nat/masquerade.ts";
import { hostVethName, ownerOf, parseOwnerMark } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { type RepairPart, restoreMissing } from "../../src/plugin/repair.ts";
import { checkGateway } from "./check.ts";
import type { BridgeConf } from "./config.ts";
import { findBridge } from "./device.ts";
import { ensureGateway } from "./gateway.ts";
import { spoofCheck } from "./spoof-check.ts";
import { ensureVlanGateway } from "./vlan-gateway.ts";

/** Puts back gateways, masquerading and source address check of an attachment whose port on the bridge is ours. */
export async function repair(
  req: AttachmentRequest<BridgeConf>,
  { host }: PluginContext,
  how: { dryRun: boolean },
): Promise<string[]> {
  const { conf } = req;
  const attachment = attachmentOf(req);
  const owner = ownerOf(attachment);
  const port = await host.link.get(hostVethName(owner));
  if (!port || parseOwnerMark(port.alias)?.attachment !== owner.attachment) return [];
  const bridge = await findBridge(host, conf.bridge);
  if (!bridge)
    throw checkFailed(`bridge "${conf.bridge}" is missing, and with it the container's connection`, "ADD it again");

  const parts: RepairPart[] = [];
  const ips = ownIps(req);
  const addresses = ips.map(({ address }) => address).join(", ");
  const guarded = guardedPort(req, port);
  if (conf.isGateway && ips.length > 0)
    parts.push({
      name: `the gateway of ${addresses}`,
      check: () => checkGateway(req, host, bridge),
      restore: async () => ensureGateway(host, await gatewayLink(host, bridge, conf), ips, conf),
    });
  if (conf.ipMasq && ips.length > 0)
    parts.push({
      name: `masquerading of ${addresses}`,
      check: () => masquerade.check(host, attachment, ips),
      restore: () => masquerade.add(host, attachment, ips),
    });
  if (conf.macSpoofCheck && guarded)
    parts.push({
      name: "the check of source addresses",
      check: () => spoofCheck.check(host, attachment, guarded),
      restore: () => spoofCheck.add(host, attachment, guarded),
    });
  return restoreMissing(parts, how);
}

const gatewayLink = (host: Kernel, bridge: Link, { vlans }: BridgeConf): Promise<Link> =>
  vlans.pvid === 0 ? Promise.resolve(bridge) : ensureVlanGateway(host, bridge, vlans.pvid);

/** The container's hardware address is what ADD answered; its namespace is not entered. */
function guardedPort(
  { conf, ifName }: AttachmentRequest<BridgeConf>,
  port: Link,
): { port: string; mac: string } | undefined {
  const inside = conf.prevResult?.interfaces?.find((i) => i.name === ifName && i.sandbox);
  return inside?.mac === undefined ? undefined : { port: port.name, mac: inside.mac.toLowerCase() };
}
