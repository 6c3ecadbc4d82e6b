import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import { sha512 } from "../../src/plugin/owner.ts";

/**
 * The host's interface in a VLAN of the bridge: a veth pair `<bridge>.<vlan>`, whose other end is a port with that VLAN
 * untagged. Made on demand, shared by the VLAN's containers, never removed, as in the reference.
 */
export async function ensureVlanGateway(host: Kernel, bridge: Link, vlan: number): Promise<Link> {
  const name = `${bridge.name}.${vlan}`;
  if (new TextEncoder().encode(name).length > 15)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `the gateway interface of VLAN ${vlan} would be called "${name}", which is longer than 15 bytes`,
      'give key "bridge" a shorter name',
    );
  if (!(await host.link.get(name))) await addPair(host, bridge, name);
  const gateway = await host.link.get(name);
  if (!gateway) throw new CniError(CNI_CODE.TRY_AGAIN_LATER, `"${name}" was deleted while it was being made`);
  const port = await otherEnd(host, gateway);
  // Also where it was there: who made it may not be done yet, or was killed. What is joined otherwise is somebody's own.
  if (port && (port.master === undefined || port.master === bridge.index)) {
    await host.link.set(port.index, { master: bridge.index, up: true });
    await host.link.setBridgeVlans(port.index, [{ vid: vlan, pvid: true, untagged: true }]);
  }
  return gateway;
}

async function addPair(host: Kernel, bridge: Link, name: string): Promise<void> {
  const peer = { name: `vgw${sha512(name).slice(0, 12)}`, netns: host, master: bridge.index, up: true };
  try {
    await host.link.addVeth({ name, up: true, peer });
  } catch (error) {
    // Another ADD was faster.
    if (!isNetlinkError(error, "EEXIST")) throw error;
  }
}

/** The other end of a veth pair of which both are on the host. */
async function otherEnd(host: Kernel, link: Link): Promise<Link | undefined> {
  if (link.kind !== "veth" || link.peerIndex === undefined || link.peerNetnsId !== undefined) return undefined;
  return host.link.get(link.peerIndex);
}
