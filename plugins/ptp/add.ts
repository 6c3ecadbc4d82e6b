import type { AttachmentRequest, CniResult } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { enableForwarding } from "../../src/plugin/forwarding.ts";
import { requireMtuFor } from "../../src/plugin/layer3.ts";
import { hostVethName, MAX_ALIAS, ownerMark, ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { announce, configureSandbox, linkNamed, refuseTakenName } from "../../src/plugin/sandbox.ts";
import { transaction } from "../../src/plugin/steps.ts";
import type { PtpConf } from "./config.ts";
import { configureHostEnd } from "./host-end.ts";
import { containerRoutes, hopsOf, onlinkWhereOther, planRouted } from "./routing.ts";

/** ADD: give the sandbox an interface `ifName`, whose only neighbour is the host, which routes for it. */
export function add(req: AttachmentRequest<PtpConf>, { host, ipam }: PluginContext): Promise<CniResult> {
  const { conf, ifName } = req;
  const attachment = attachmentOf(req);

  return transaction(async (tx) => {
    const sandbox = await tx.hold("open sandbox", () => host.enter(req.netns));
    await refuseTakenName(sandbox, ifName);

    const provider = ipam.of(conf.ipamType);
    const lease = await tx.step(
      "allocate addresses",
      () => provider.add(req),
      () => provider.del(req),
    );
    const layer3 = planRouted(lease);
    requireMtuFor(layer3.ips, conf.mtu);
    const hops = hopsOf(layer3.ips);
    // Shared by all containers: ensured here, never undone here.
    for (const family of new Set(hops.map(({ address }) => address.family)))
      await tx.step(`forward IPv${family}`, () => enableForwarding(host, family));

    const hostName = hostVethName(ownerOf(attachment));
    // One message: the peer is born inside. Down, so that the host's end can be told first what to do without.
    const end = await tx.step(
      "create veth pair",
      () =>
        host.link.addVeth({
          name: hostName,
          alias: ownerMark(attachment, MAX_ALIAS, conf.ipMasq ? "+masq" : "+"),
          mtu: conf.mtu || undefined,
          peer: { name: ifName, netns: sandbox },
        }),
      () => host.link.del(hostName), // deleting one end removes both, with addresses and routes
    );
    const inside = await tx.step("find container interface", () => linkNamed(sandbox, ifName));
    await tx.step("configure host end", () => configureHostEnd(host, end, hops));
    await tx.step("configure sandbox", () =>
      configureSandbox(
        sandbox,
        inside,
        { ips: layer3.ips, routes: onlinkWhereOther(layer3.routes, hops) },
        { dad: false, prefixRoutes: containerRoutes(hops) },
      ),
    );
    if (conf.ipMasq) {
      const { masquerade } = await import("../../src/plugin/nat/masquerade.ts");
      await tx.step(
        "masquerade",
        () => masquerade.add(host, attachment, layer3.ips),
        () => masquerade.del(host, attachment, layer3.ips),
      );
    }
    await tx.step("announce addresses", () => announce(sandbox, inside));

    const dns = conf.dns ?? lease.dns;
    return {
      interfaces: [
        { name: hostName, mac: end.mac, mtu: end.mtu },
        { name: ifName, mac: inside.mac, mtu: inside.mtu, sandbox: req.netns },
      ],
      ips: layer3.ips,
      ...(layer3.routes.length > 0 ? { routes: layer3.routes } : {}),
      ...(dns ? { dns } : {}),
    };
  });
}
