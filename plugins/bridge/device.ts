import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import { randomMac } from "../../src/plugin/mac.ts";
import { optional } from "../../src/plugin/sandbox.ts";
import type { BridgeConf } from "./config.ts";

/**
 * Finds or makes the network's bridge, up and as the config wants it. Shared by all containers: ensured here, never
 * undone. An existing bridge keeps its MTU; VLAN filtering is turned on when the config uses VLANs, since without it
 * they would separate nothing.
 * @param found what `findBridge` gave
 */
export async function ensureBridge(host: Kernel, conf: BridgeConf, found: Link | undefined): Promise<Link> {
  const wantsVlans = usesVlans(conf);
  let bridge = found;
  if (!bridge) {
    await addBridge(host, conf, wantsVlans);
    bridge = await findBridge(host, conf.bridge);
    if (!bridge)
      throw new CniError(CNI_CODE.TRY_AGAIN_LATER, `bridge "${conf.bridge}" was deleted while it was being made`);
  }
  // A bridge that took router advertisements would route by what its containers say.
  await optional(() => host.sysctl.set(`net/ipv6/conf/${conf.bridge}/accept_ra`, "0"));
  const filtering = bridge.info?.kind === "bridge" && bridge.info.data?.vlanFiltering === 1;
  if (wantsVlans && !filtering) await host.link.setKind(bridge.index, { kind: "bridge", data: { vlanFiltering: 1 } });
  // A bridge's own link-local address is nobody else's, and until it is settled the host does not answer neighbours.
  if (!bridge.up && !conf.dad) await optional(() => host.sysctl.set(`net/ipv6/conf/${conf.bridge}/accept_dad`, "0"));
  if (!bridge.up || (conf.promisc && bridge.promiscuity === 0))
    await host.link.set(bridge.index, { up: true, ...(conf.promisc ? { promisc: true } : {}) });
  return bridge;
}

export const usesVlans = (conf: BridgeConf): boolean => conf.vlans.pvid !== 0 || conf.vlans.trunk.length > 0;

/** `undefined` when there is no such link; CniError 7 when there is one that is no bridge. */
export async function findBridge(host: Kernel, name: string): Promise<Link | undefined> {
  const link = await host.link.get(name);
  if (link && link.kind !== "bridge")
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `link "${name}" is not a bridge but ${link.kind ?? "a physical device"}`,
      'key "bridge" names a bridge; choose another name or remove the link',
    );
  return link;
}

async function addBridge(host: Kernel, conf: BridgeConf, vlanFiltering: boolean): Promise<void> {
  try {
    await host.link.add({
      name: conf.bridge,
      // Without an address of its own choice, a bridge takes its lowest port's and changes it with them.
      address: randomMac(),
      ...(conf.mtu > 0 ? { mtu: conf.mtu } : {}),
      info: { kind: "bridge", data: vlanFiltering ? { vlanFiltering: 1 } : {} },
    });
  } catch (error) {
    // Another ADD was faster.
    if (!isNetlinkError(error, "EEXIST")) throw error;
  }
}
