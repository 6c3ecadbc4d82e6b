import type { AttachmentRequest, NetworkConfig } from "../cni/types.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Link } from "../kernel/link.ts";
import { isNetlinkError } from "../netlink/socket/index.ts";
import { attachmentOf } from "./attachment.ts";
import { errnoCode } from "./errors.ts";
import { hostVethName, isHostVethName, type Owner, ownerOf, parseOwnerMark } from "./owner.ts";
import { allOf } from "./steps.ts";

/** The host's end of an attachment, by its derived name; `undefined` when it is gone or was made by the reference. */
export async function findHostEnd(host: Kernel, owner: Owner): Promise<Link | undefined> {
  const link = await host.link.get(hostVethName(owner));
  return link && isOurs(link, owner) ? link : undefined;
}

/**
 * Deletes the links of one attachment: the host's end, and whatever of it stands in the sandbox. There a link goes only with
 * a proof that it is this attachment's (alias, or the address in prevResult): by the time of DEL the path may lead
 * into somebody else's namespace.
 */
export async function deleteAttachmentLinks(
  host: Kernel,
  req: AttachmentRequest<NetworkConfig>,
  owner: Owner,
  hostEnd: Link | undefined,
): Promise<void> {
  if (hostEnd) await deleteLink(host, hostEnd.index);
  else await deleteInSandbox(host, req, owner);
}

/** A link of our kind of name without an alias was left by an ADD that was killed between its two messages. */
function isOurs(link: Link, owner: Owner): boolean {
  const mark = parseOwnerMark(link.alias);
  if (mark) return mark.attachment === owner.attachment;
  return link.kind === "veth" && !link.alias && isHostVethName(link.name);
}

async function deleteInSandbox(host: Kernel, req: AttachmentRequest<NetworkConfig>, owner: Owner): Promise<void> {
  if (req.netns === "") return;
  await using sandbox = await enterIfThere(host, req.netns);
  if (!sandbox || sandbox.identity === host.identity) return;
  const link = await sandbox.link.get(req.ifName);
  if (link && isProvenOurs(link, req, owner)) await deleteLink(sandbox, link.index);
}

/** Whether a link of the sandbox is this attachment's: by its alias, or else by the address that prevResult has for it. */
export function isProvenOurs(
  link: Link,
  req: AttachmentRequest<NetworkConfig>,
  owner: Owner = ownerOf(attachmentOf(req)),
): boolean {
  const mark = parseOwnerMark(link.alias);
  if (mark) return mark.attachment === owner.attachment;
  const { interfaces = [] } = req.conf.prevResult ?? {};
  return interfaces.some((i) => i.name === req.ifName && i.sandbox !== undefined && i.mac?.toLowerCase() === link.mac);
}

/** A namespace that is gone, or a path that never was one, has nothing left to clean. */
export async function enterIfThere(host: Kernel, path: string): Promise<Kernel | undefined> {
  try {
    return await host.enter(path);
  } catch (error) {
    const code = errnoCode(error);
    if (code === "ENOENT" || code === "EINVAL" || code === "ENOTDIR" || code === "ESRCH") return undefined;
    throw error;
  }
}

/** @param netnsId number of the namespace the link is in, when that is another; it may end meanwhile (EINVAL) */
export async function deleteLink(kernel: Kernel, index: number, netnsId?: number): Promise<void> {
  try {
    await kernel.link.del(index, netnsId === undefined ? {} : { netnsId });
  } catch (error) {
    if (isNetlinkError(error, "ENODEV") || (netnsId !== undefined && isNetlinkError(error, "EINVAL"))) return;
    throw error;
  }
}

/** A link without a mark may be one whose mark is on its way: it comes with a message of its own. */
export const MARK_PAUSE_MS = 250;

/**
 * Deletes the host's ends of all attachments of a network that are not in `valid` (attachment hashes), and half-made
 * links: our kind of name, a port of `master`, no mark. Returns how many went; goes on after an error.
 * @param master index of the network's bridge; null: its ports are none's; `undefined`: half-made links cannot be told
 */
export async function collectLinks(
  host: Kernel,
  network: string,
  valid: ReadonlySet<string>,
  master: number | null | undefined,
): Promise<number> {
  const own = master ?? undefined;
  const validNames = new Set([...valid].map((attachment) => hostVethName({ network, attachment })));
  const ours = (await host.link.list()).filter((link) => isHostVethName(link.name));
  const stale = ours.filter((link) => {
    const mark = parseOwnerMark(link.alias);
    return mark?.network === network && !valid.has(mark.attachment);
  });
  const unmarked = ours.filter(
    (link) => !link.alias && link.kind === "veth" && link.master === own && !validNames.has(link.name),
  );
  if (master !== undefined && unmarked.length > 0) {
    await Bun.sleep(MARK_PAUSE_MS);
    for (const { index, name } of unmarked) {
      const now = await host.link.get(index);
      if (now?.name === name && now.master === own && !now.alias) stale.push(now);
    }
  }
  await allOf(stale.map(({ name, index }) => [`delete ${name}`, () => deleteLink(host, index)] as const));
  return stale.length;
}
