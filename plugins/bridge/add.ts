import type { AttachmentRequest, CniResult } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { type Layer3, planLayer3, requireMtuFor } from "../../src/plugin/layer3.ts";
import { hostVethName, MAX_ALIAS, ownerMark, ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { macOfArgs } from "../../src/plugin/requested-mac.ts";
import {
  announce,
  configureSandbox,
  linkNamed,
  refuseTakenName,
  SETTLE_MS,
  settleAddresses,
} from "../../src/plugin/sandbox.ts";
import { transaction } from "../../src/plugin/steps.ts";
import type { BridgeConf } from "./config.ts";
import { ensureBridge, findBridge } from "./device.ts";
import { noteOf } from "./extras.ts";
import { ensureGateway } from "./gateway.ts";
import { configurePort, waitForPort } from "./port.ts";
import { ensureVlanGateway } from "./vlan-gateway.ts";

/** ADD: give the sandbox an interface `ifName`, plugged into the host's bridge. */
export function add(req: AttachmentRequest<BridgeConf>, { host, ipam }: PluginContext): Promise<CniResult> {
  const { conf, ifName } = req;
  const attachment = attachmentOf(req);
  const owner = ownerOf(attachment);
  // Lowest to highest: CNI_ARGS MAC, args.cni.mac, the runtime's (capability `mac`).
  const fromArgs = macOfArgs(req.args);
  const mac = conf.mac ?? fromArgs;

  return transaction(async (tx) => {
    const sandbox = await tx.hold("open sandbox", () => host.enter(req.netns));
    await refuseTakenName(sandbox, ifName);
    // What the request asks for in vain is found out before anything is made that stays.
    const found = await findBridge(host, conf.bridge);

    let layer3: Layer3 = { ips: [], routes: [] };
    let dns = conf.dns;
    if (conf.ipamType !== undefined) {
      const provider = ipam.of(conf.ipamType);
      const lease = await tx.step(
        "allocate addresses",
        () => provider.add(req),
        () => provider.del(req),
      );
      layer3 = planLayer3(lease, { ...conf, interfaceIndex: 2 });
      requireMtuFor(layer3.ips, conf.mtu);
      dns ??= lease.dns;
    }

    // Shared by all containers of this network: ensured here, never undone here.
    const bridge = await tx.step("ensure bridge", () => ensureBridge(host, conf, found));
    const hostName = hostVethName(owner);
    // One message: the peer is born inside, the host's end on the bridge and up.
    const port = await tx.step(
      "create veth pair",
      () =>
        host.link.addVeth({
          name: hostName,
          alias: ownerMark(attachment, MAX_ALIAS, noteOf(conf)),
          master: bridge.index,
          up: true,
          mtu: conf.mtu || undefined,
          peer: { name: ifName, netns: sandbox, address: mac },
        }),
      () => host.link.del(hostName), // deleting one end removes both
    );
    await tx.step("configure bridge port", () => configurePort(host, port, conf));
    const inside = await tx.step("find container interface", () => linkNamed(sandbox, ifName));
    if (conf.macSpoofCheck) {
      const { spoofCheck } = await import("./spoof-check.ts");
      await tx.step(
        "check source addresses",
        () => spoofCheck.add(host, attachment, { port: hostName, mac: inside.mac }),
        () => spoofCheck.del(host, attachment),
      );
    }

    if (!conf.containerDown)
      await tx.step("configure sandbox", () => configureSandbox(sandbox, inside, layer3, { dad: conf.dad }));
    // A bridge may have taken another address with its new port.
    const joined = (await host.link.get(bridge.index)) ?? bridge;
    const interfaces = [joined, port].map((link) => ({ name: link.name, mac: link.mac, mtu: link.mtu }));
    const result: CniResult = {
      interfaces: [...interfaces, { name: ifName, mac: inside.mac, mtu: inside.mtu, sandbox: req.netns }],
      ...(layer3.ips.length > 0 ? { ips: layer3.ips } : {}),
      ...(layer3.routes.length > 0 ? { routes: layer3.routes } : {}),
      ...(dns ? { dns } : {}),
    };

    if (conf.isGateway && layer3.ips.length > 0) {
      const { pvid } = conf.vlans;
      const on =
        pvid === 0 ? joined : await tx.step("ensure VLAN gateway", () => ensureVlanGateway(host, bridge, pvid));
      await tx.step("gateway on bridge", () => ensureGateway(host, on, layer3.ips, conf));
      if (on !== joined) result.interfaces?.push({ name: on.name, mac: on.mac, mtu: on.mtu });
    }
    if (conf.ipMasq && layer3.ips.length > 0) {
      const { masquerade } = await import("../../src/plugin/nat/masquerade.ts");
      await tx.step(
        "masquerade",
        () => masquerade.add(host, attachment, layer3.ips),
        () => masquerade.del(host, attachment, layer3.ips),
      );
    }

    if (!conf.containerDown) await tx.step("wait for bridge port", () => waitForPort(host, port));
    if (conf.dad) await tx.step("settle addresses", () => settleAddresses(sandbox, inside, SETTLE_MS));
    if (layer3.ips.length > 0) await tx.step("announce addresses", () => announce(sandbox, inside));
    return result;
  });
}
