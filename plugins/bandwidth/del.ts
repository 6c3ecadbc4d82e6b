import type { AttachmentRequest, CniInterface } from "../../src/cni/types.ts";
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
import { peerOnHost } from "./place.ts";
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

/**
 * By its derived name; when another plugin made it, as prevResult lists it, as the one that leads to our IFB, or as the other end
 * of what the container has.
 */
async function hostEndOf(host: Kernel, req: Request): Promise<Link | undefined> {
  return (
    (await findHostEnd(host, ownerOf(attachmentOf(req)))) ??
    (await listedEnd(host, req)) ??
    (await endAtIfb(host, req)) ??
    (await endOfPair(host, req))
  );
}

const listedOnHost = ({ conf }: Request): CniInterface[] =>
  (conf.prevResult?.interfaces ?? []).filter(({ sandbox }) => !sandbox);

async function listedEnd(host: Kernel, req: Request): Promise<Link | undefined> {
  for (const { name, mac } of listedOnHost(req)) {
    const link = mac === undefined || mac === "" ? undefined : await host.link.get(name);
    if (link?.kind === "veth" && link.mac === mac?.toLowerCase()) return link;
  }
  return undefined;
}

/** Our IFB bears our mark, so what leads to it is the attachment's. */
async function endAtIfb(host: Kernel, req: Request): Promise<Link | undefined> {
  const ifb = await findIfb(host, attachmentOf(req));
  const [user, ...more] = ifb ? await usersOf(host, ifb.index) : [];
  return user === undefined || more.length > 0 ? undefined : await host.link.get(user);
}

/** The name in prevResult, without an address beside it, counts only for the other end of the container's interface. */
async function endOfPair(host: Kernel, req: Request): Promise<Link | undefined> {
  if (req.netns === "") return undefined;
  await using sandbox = await enterIfThere(host, req.netns);
  if (!sandbox || sandbox.identity === host.identity) return undefined;
  const inside = await sandbox.link.get(req.ifName);
  const end = inside && (await peerOnHost(host, sandbox, inside));
  const isListed = listedOnHost(req).some(({ name }) => name === end?.name);
  return inside && (isListed || isProvenOurs(inside, req)) ? end : undefined;
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
