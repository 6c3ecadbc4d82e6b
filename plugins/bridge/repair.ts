import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { checkFailed, ownIps } from "../../src/plugin/check.ts";
import { masquerade } from "../../src/plugin/nat/masquerade.ts";
import { hostVethName, ownerOf, parseOwnerMark } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { type RepairPart, restoreMissing } from "../../src/plugin/repair.ts";
import { checkGateway, checkVlans } from "./check.ts";
import type { BridgeConf } from "./config.ts";
import { ensureBridge, findBridge, usesVlans } from "./device.ts";
import { ensureGateway } from "./gateway.ts";
import { configurePort } from "./port.ts";
import { spoofCheck } from "./spoof-check.ts";
import { ensureVlanGateway } from "./vlan-gateway.ts";

/** Puts back the bridge, its port, gateways, masquerading and source address check of an attachment whose link is ours. */
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
  /** As it is by now: a part before may have made it. */
  const bridge = async (): Promise<Link> => {
    const found = await findBridge(host, conf.bridge);
    if (!found) throw checkFailed(`bridge "${conf.bridge}" is missing`);
    return found;
  };

  const parts: RepairPart[] = [
    {
      name: `bridge "${conf.bridge}"`,
      check: async () => checkDevice(await bridge(), conf),
      restore: () => restoreBridge(req, host),
    },
    {
      name: `port "${port.name}"`,
      check: async () => checkPlace(host, await bridge(), port.index, conf),
      restore: async () => restorePlace(host, await bridge(), port, conf),
    },
  ];
  const ips = ownIps(req);
  const addresses = ips.map(({ address }) => address).join(", ");
  const guarded = guardedPort(req, port);
  if (conf.isGateway && ips.length > 0)
    parts.push({
      name: `the gateway of ${addresses}`,
      check: async () => checkGateway(req, host, await bridge()),
      restore: async () => ensureGateway(host, await gatewayLink(host, await bridge(), conf), ips, conf),
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

/** Makes the bridge again with the address that containers know it by, or switches it on. */
async function restoreBridge({ conf }: AttachmentRequest<BridgeConf>, host: Kernel): Promise<void> {
  const found = await findBridge(host, conf.bridge);
  const bridge = await ensureBridge(host, conf, found);
  const known = conf.prevResult?.interfaces?.find((i) => i.name === conf.bridge && !i.sandbox)?.mac;
  if (!found && known !== undefined) await host.link.set(bridge.index, { address: known });
}

function checkDevice(bridge: Link, conf: BridgeConf): void {
  if (!bridge.up) throw checkFailed(`bridge "${bridge.name}" is down`);
  if (conf.promisc && bridge.promiscuity === 0) throw checkFailed(`bridge "${bridge.name}" is not promiscuous`);
  if (usesVlans(conf) && !(bridge.info?.kind === "bridge" && bridge.info.data?.vlanFiltering === 1))
    throw checkFailed(`bridge "${bridge.name}" does not filter VLANs`);
}

/** The host's end on its bridge, as ADD left it. */
async function checkPlace(host: Kernel, bridge: Link, index: number, conf: BridgeConf): Promise<void> {
  const port = await host.link.get(index);
  if (!port) throw checkFailed("the host's end is gone");
  if (port.master !== bridge.index) throw checkFailed(`"${port.name}" is not a port of bridge "${bridge.name}"`);
  if (!port.up) throw checkFailed(`"${port.name}" is down`);
  if (conf.hairpin && !port.bridgePort?.hairpin) throw checkFailed(`"${port.name}" is not in hairpin mode`);
  if (conf.isolated && !port.bridgePort?.isolated) throw checkFailed(`"${port.name}" is not isolated`);
  if (usesVlans(conf)) await checkVlans(host, port, conf);
}

async function restorePlace(host: Kernel, bridge: Link, port: Link, conf: BridgeConf): Promise<void> {
  await host.link.set(port.index, { master: bridge.index, up: true });
  await configurePort(host, port, conf);
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
