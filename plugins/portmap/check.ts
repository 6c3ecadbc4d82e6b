import type { AttachmentRequest } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { checkFailed } from "../../src/plugin/check.ts";
import { checkPublished } from "../../src/plugin/nat/check-published.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { requirePrevResult } from "./add.ts";
import type { PortmapConf } from "./config.ts";
import { hairpinPorts, linkFinder, routeLocalnetKey } from "./host-side.ts";
import { containerAddresses, publicationsOf } from "./publications.ts";

/** CHECK: every port leads to the container, the shared rules stand, and what the kernel needs beside them is set. */
export async function check(req: AttachmentRequest<PortmapConf>, { host }: PluginContext): Promise<void> {
  const publications = publicationsOf(req, containerAddresses(requirePrevResult(req), req.ifName));
  if (publications.length === 0) return;
  await checkPublished(host, attachmentOf(req), publications);
  const findLink = linkFinder(host);
  const key = await routeLocalnetKey(host, findLink, publications);
  if (key !== undefined && (await host.sysctl.get(key)) !== "1")
    throw checkFailed(`sysctl ${key} is not 1: the host's 127.0.0.1 does not reach the published ports`);
  if (!req.conf.snat) return;
  for (const port of await hairpinPorts(findLink, req))
    if (!port.bridgePort?.hairpin)
      throw checkFailed(`port "${port.name}" is not in hairpin mode: the container does not reach its own ports`);
}
