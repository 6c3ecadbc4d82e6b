import type { AttachmentRequest, CniResult } from "../../src/cni/types.ts";
import type { Link } from "../../src/kernel/link.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { type Layer3, planLayer3, requireMtuFor } from "../../src/plugin/layer3.ts";
import { MAX_ALIAS, ownerMark, ownerOf } from "../../src/plugin/owner.ts";
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
import { birthName } from "../../src/plugin/sandbox-links.ts";
import { transaction } from "../../src/plugin/steps.ts";
import type { MacvlanConf } from "./config.ts";
import { createMacvlan, explainTakenAddress } from "./create.ts";
import { findParent } from "./parent.ts";

/** ADD: give the sandbox an interface `ifName` with an address of its own on the parent's segment. */
export function add(req: AttachmentRequest<MacvlanConf>, { host, ipam }: PluginContext): Promise<CniResult> {
  const { conf, ifName } = req;
  const attachment = attachmentOf(req);
  // Lowest to highest: key mac, CNI_ARGS MAC, args.cni.mac, the runtime's (capability `mac`).
  const fromArgs = macOfArgs(req.args);
  const mac = conf.mac ?? fromArgs ?? conf.ownMac;

  return transaction(async (tx) => {
    const sandbox = await tx.hold("open sandbox", () => host.enter(req.netns));
    await refuseTakenName(sandbox, ifName);
    const home = conf.linkInContainer ? sandbox : host;
    const parent = await findParent(home, conf);

    // By it DEL and GC find the link where no path leads any more; it goes with the namespace.
    await tx.step("number namespace", () => host.ensureNetnsId(sandbox));
    const born: Link = await tx.step(
      "create macvlan",
      () => createMacvlan(home, sandbox, parent, conf, { name: birthName(ownerOf(attachment)), mac }),
      () => sandbox.link.del(born.index),
    );
    await tx.step("name and mark link", () =>
      sandbox.link.set(born.index, {
        name: ifName,
        alias: ownerMark(attachment, MAX_ALIAS),
        // In this mode the link takes the parent's address when it is made, and gives the parent its own from then on.
        address: conf.mode === "passthru" ? mac : undefined,
      }),
    );
    const link = await tx.step("find container interface", () => linkNamed(sandbox, ifName));

    let layer3: Layer3 = { ips: [], routes: [] };
    let dns = conf.dns;
    if (conf.ipamType !== undefined) {
      // The link comes first: a DHCP client asks through it.
      const provider = ipam.of(conf.ipamType);
      const lease = await tx.step(
        "allocate addresses",
        () => provider.add(req),
        () => provider.del(req),
      );
      layer3 = planLayer3(lease, { interfaceIndex: 0, isGateway: false, isDefaultGateway: false });
      requireMtuFor(layer3.ips, link.mtu);
      dns ??= lease.dns;
    }
    await tx.step(
      "configure sandbox",
      () => explainTakenAddress(link.mac, parent, () => configureSandbox(sandbox, link, layer3, { dad: conf.dad })),
      // Nothing answers on the addresses once they are given back.
      () => sandbox.link.set(link.index, { up: false }),
    );
    if (conf.dad) await tx.step("settle addresses", () => settleAddresses(sandbox, link, SETTLE_MS));
    if (layer3.ips.length > 0) await tx.step("announce addresses", () => announce(sandbox, link));

    return {
      interfaces: [{ name: ifName, mac: link.mac, mtu: link.mtu, sandbox: req.netns }],
      ...(layer3.ips.length > 0 ? { ips: layer3.ips } : {}),
      ...(layer3.routes.length > 0 ? { routes: layer3.routes } : {}),
      ...(dns ? { dns } : {}),
    };
  });
}
