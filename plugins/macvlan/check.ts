import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { checkFailed, checkLayer3, checkLink, containerInterface } from "../../src/plugin/check.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { MacvlanConf } from "./config.ts";
import { lowestIndex } from "./parent.ts";

/** CHECK: everything ADD made still stands, as later plugins of the chain left it in prevResult. */
export async function check(req: AttachmentRequest<MacvlanConf>, { host, ipam }: PluginContext): Promise<void> {
  const { conf } = req;
  if (conf.ipamType !== undefined) await ipam.of(conf.ipamType).check(req);
  const inside = containerInterface(req);
  await using sandbox = await host.enter(req.netns);
  const parent = await namedParent(conf.linkInContainer ? sandbox : host, conf);
  const link = await checkLink(sandbox, { ...inside, kind: "macvlan", where: "container" });
  if (!link.up) throw checkFailed(`link "${link.name}" in the container is down`);
  if (parent && link.peerIndex !== lowestIndex(parent))
    throw checkFailed(`link "${link.name}" in the container hangs on another interface than master "${parent.name}"`);
  checkSettings(link, conf);
  await checkLayer3(sandbox, link, conf.prevResult ?? {});
}

/** Without a name there is none to look for: the default route may lead elsewhere by now, and the link goes on where it is. */
async function namedParent(home: Kernel, { master }: MacvlanConf): Promise<Link | undefined> {
  if (master === undefined) return undefined;
  const parent = await home.link.get(master);
  if (!parent) throw checkFailed(`master "${master}" is missing`);
  return parent;
}

function checkSettings(link: Link, { mode, bcQueueLen }: MacvlanConf): void {
  const { mode: isMode, bcQueueLen: has } = (link.info?.kind === "macvlan" ? link.info.data : undefined) ?? {};
  if (isMode !== mode) throw checkFailed(`link "${link.name}" in the container is in mode "${isMode}", not "${mode}"`);
  // Kernels before 5.11 do not tell.
  if (bcQueueLen !== 0 && has !== undefined && has !== bcQueueLen)
    throw checkFailed(`link "${link.name}" in the container has bcqueuelen ${has}, not ${bcQueueLen}`);
}
