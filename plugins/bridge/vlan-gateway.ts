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
  const found = await host.link.get(name);
  if (found) return found;
  const portName = `veth${sha512(name).slice(0, 8)}`;
  try {
    await host.link.addVeth({ name, up: true, peer: { name: portName, netns: host, master: bridge.index, up: true } });
  } catch (error) {
    // Another ADD was faster.
    if (!isNetlinkError(error, "EEXIST")) throw error;
  }
  const [gateway, port] = [await host.link.get(name), await host.link.get(portName)];
  if (!gateway || !port) throw new CniError(CNI_CODE.TRY_AGAIN_LATER, `"${name}" was deleted while it was being made`);
  await host.link.set(port.index, { master: bridge.index, up: true });
  await host.link.setBridgeVlans(port.index, [{ vid: vlan, pvid: true, untagged: true }]);
  return gateway;
}
