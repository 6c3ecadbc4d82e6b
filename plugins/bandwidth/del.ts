import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { deleteLink, enterIfThere, findHostEnd, isProvenOurs } from "../../src/plugin/attachment-links.ts";
import { ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { BandwidthConf } from "./config.ts";
import { findIfb, referenceIfbName } from "./ifb.ts";
import { removeLimit } from "./limit.ts";
import { removeRedirect } from "./redirect.ts";
import { usersOf } from "./users.ts";

type Request = AttachmentRequest<BandwidthConf>;

/** DEL: from the names that follow from the request; what is shaped inside the container only where that is still there. */
export async function del(req: Request, { host }: PluginContext): Promise<void> {
  const hostEnd = await hostEndOf(host, req);
  await allOf([
    ["stop shaping on the host", () => stopShaping(host, req, hostEnd)],
    ["remove what the reference plugin left", () => removeReferenceIfb(host, req, hostEnd)],
    // What has an end on the host is shaped there, and the container's end is its own affair.
    ...(hostEnd ? [] : [["stop shaping in the container", () => stopInside(host, req)] as const]),
  ]);
}

/** By its derived name, or, when the reference made it, as prevResult lists it. */
async function hostEndOf(host: Kernel, req: Request): Promise<Link | undefined> {
  const ours = await findHostEnd(host, ownerOf(attachmentOf(req)));
  if (ours) return ours;
  for (const { name, mac, sandbox } of req.conf.prevResult?.interfaces ?? []) {
    if (sandbox) continue;
    const link = await host.link.get(name);
    if (link?.kind === "veth" && link.mac === mac?.toLowerCase()) return link;
  }
  return undefined;
}

/** The redirection before its IFB, or packets would be lost in between. */
async function stopShaping(kernel: Kernel, req: Request, link: Link | undefined): Promise<void> {
  const ifb = await findIfb(kernel, attachmentOf(req));
  if (link) await removeRedirect(kernel, link.index, ifb ? [0, ifb.index] : [0]);
  if (ifb) await deleteLink(kernel, ifb.index);
  if (link) await removeLimit(kernel, link.index);
}

/** Its name is the same for all interfaces of the container, so another one may be using it. */
async function removeReferenceIfb(host: Kernel, req: Request, hostEnd: Link | undefined): Promise<void> {
  const ifb = await host.link.get(referenceIfbName(attachmentOf(req)));
  if (ifb?.kind !== "ifb" || ifb.alias) return;
  const users = await usersOf(host, ifb.index);
  if (users.every((index) => index === hostEnd?.index)) await deleteLink(host, ifb.index);
}

/** The path may lead into somebody else's namespace by now: an interface is touched only with a proof that it is ours. */
async function stopInside(host: Kernel, req: Request): Promise<void> {
  if (req.netns === "") return;
  await using sandbox = await enterIfThere(host, req.netns);
  if (!sandbox || sandbox.identity === host.identity) return;
  const link = await sandbox.link.get(req.ifName);
  await stopShaping(sandbox, req, link && isProvenOurs(link, req) ? link : undefined);
}
