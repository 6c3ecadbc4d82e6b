import type { AttachmentRequest } from "../../src/cni/types.ts";
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
  ownIps,
} from "../../src/plugin/check.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { PtpConf } from "./config.ts";
import { checkHostEnd } from "./host-end.ts";
import { containerRoutes, type Hop, hopsOf } from "./routing.ts";

/** CHECK: everything ADD made still stands, as later plugins of the chain left it in prevResult. */
export async function check(req: AttachmentRequest<PtpConf>, { host, ipam }: PluginContext): Promise<void> {
  const { conf } = req;
  await ipam.of(conf.ipamType).check(req);
  const ips = ownIps(req);
  const hops = hopsOf(ips);
  const inside = containerInterface(req);
  await using sandbox = await host.enter(req.netns);
  const link = await checkLink(sandbox, { ...inside, kind: "veth", where: "container" });
  if (!link.up) throw checkFailed(`link "${link.name}" in the container is down`);
  const end = await checkPair(req, host, link);
  await checkHostEnd(host, end, hops);
  await checkLayer3(sandbox, link, conf.prevResult ?? {});
  await checkRoutes(sandbox, link, hops);
  for (const family of new Set(hops.map(({ address }) => address.family))) await checkForwarding(host, family);
  if (conf.ipMasq && ips.length > 0) {
    const { masquerade } = await import("../../src/plugin/nat/masquerade.ts");
    await masquerade.check(host, attachmentOf(req), ips);
  }
}

/** The ways to the gateway and through it, which are in no result. */
async function checkRoutes(sandbox: Kernel, link: Link, hops: readonly Hop[]): Promise<void> {
  const routes = await sandbox.route.list({ oif: link.index });
  for (const { dst, gw } of containerRoutes(hops))
    if (!routes.some((route) => route.dst === dst && route.gw === gw))
      throw checkFailed(`route ${dst}${gw === undefined ? "" : ` via ${gw}`} is missing in the container`);
}
