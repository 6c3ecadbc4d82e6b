import type { AttachmentRequest } from "../../src/cni/types.ts";
import { formatIp, parseIp } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import {
  checkFailed,
  checkForwarding,
  checkLayer3,
  checkLink,
  checkPair,
  containerInterface,
  interfacesOf,
  ownIps,
} from "../../src/plugin/check.ts";
import { cidrOf, familyOfCidr } from "../../src/plugin/layer3.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { BridgeConf } from "./config.ts";
import { usesVlans } from "./device.ts";
import { portVlans } from "./port.ts";

/** CHECK: everything ADD made still stands, as later plugins of the chain left it in prevResult. */
export async function check(req: AttachmentRequest<BridgeConf>, { host, ipam }: PluginContext): Promise<void> {
  const { conf } = req;
  if (conf.ipamType !== undefined) await ipam.of(conf.ipamType).check(req);
  const attachment = attachmentOf(req);
  const prev = conf.prevResult ?? {};

  const bridge = await checkBridge(req, host);
  const inside = containerInterface(req);
  await using sandbox = await host.enter(req.netns);
  const link = await checkLink(sandbox, { ...inside, kind: "veth", where: "container" });
  if (!conf.containerDown && !link.up) throw checkFailed(`link "${link.name}" in the container is down`);
  const port = await checkPort(req, host, bridge, link);
  await checkLayer3(sandbox, link, prev);

  if (conf.isGateway) await checkGateway(req, host, bridge);
  if (conf.macSpoofCheck) {
    const { spoofCheck } = await import("./spoof-check.ts");
    await spoofCheck.check(host, attachment, { port: port.name, mac: link.mac });
  }
  if (conf.ipMasq && prev.ips) {
    const { masquerade } = await import("../../src/plugin/nat/masquerade.ts");
    await masquerade.check(host, attachment, ownIps(req));
  }
}

async function checkBridge({ conf, ...req }: AttachmentRequest<BridgeConf>, host: Kernel): Promise<Link> {
  const listed = interfacesOf({ conf, ...req }).find((i) => i.name === conf.bridge && !i.sandbox);
  if (!listed) throw checkFailed(`prevResult lists no bridge "${conf.bridge}"`, "the runtime passes ADD's result on");
  const bridge = await checkLink(host, { ...listed, kind: "bridge", where: "host" });
  if (!bridge.up) throw checkFailed(`bridge "${bridge.name}" is down`, `ip link set ${bridge.name} up`);
  if (conf.promisc && bridge.promiscuity === 0) throw checkFailed(`bridge "${bridge.name}" is not promiscuous`);
  if (usesVlans(conf) && !(bridge.info?.kind === "bridge" && bridge.info.data?.vlanFiltering === 1))
    throw checkFailed(`bridge "${bridge.name}" does not filter VLANs`);
  return bridge;
}

/** The host's end, and its place on the bridge. */
async function checkPort(req: AttachmentRequest<BridgeConf>, host: Kernel, bridge: Link, inside: Link): Promise<Link> {
  const port = await checkPair(req, host, inside, req.conf.bridge);
  if (port.master !== bridge.index) throw checkFailed(`"${port.name}" is not a port of bridge "${bridge.name}"`);
  if (!port.up) throw checkFailed(`"${port.name}" is down`, `ip link set ${port.name} up`);
  const { conf } = req;
  if (conf.hairpin && !port.bridgePort?.hairpin) throw checkFailed(`port "${port.name}" is not in hairpin mode`);
  if (conf.isolated && !port.bridgePort?.isolated) throw checkFailed(`port "${port.name}" is not isolated`);
  if (usesVlans(conf)) await checkVlans(host, port, conf);
  return port;
}

export async function checkVlans(host: Kernel, port: Link, conf: BridgeConf): Promise<void> {
  const have = await host.link.bridgeVlans(port.index);
  for (const want of portVlans(conf.vlans))
    for (let vid = want.vid; vid <= (want.end ?? want.vid); vid++) {
      const found = have.find((v) => v.vid === vid);
      if (!found || (want.pvid && !found.pvid)) throw checkFailed(`port "${port.name}" is not in VLAN ${vid}`);
    }
}

export async function checkGateway(req: AttachmentRequest<BridgeConf>, host: Kernel, bridge: Link): Promise<void> {
  const { pvid } = req.conf.vlans;
  const name = `${bridge.name}.${pvid}`;
  const on = pvid === 0 ? bridge : await host.link.get(name);
  if (!on) throw checkFailed(`the VLAN's gateway interface "${name}" is missing`);
  const addresses = await host.addr.list(on.index);
  for (const ip of ownIps(req)) {
    const gateway = parseIp(ip.gateway ?? "");
    if (!gateway) continue;
    const { prefixLen } = cidrOf(ip.address);
    if (!addresses.some((a) => a.address === formatIp(gateway) && a.prefixLen === prefixLen))
      throw checkFailed(`gateway address ${formatIp(gateway)}/${prefixLen} is missing on "${on.name}"`);
    await checkForwarding(host, familyOfCidr(ip.address));
  }
}
