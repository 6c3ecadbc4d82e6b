import type { AttachmentRequest, NetworkConfig } from "../cni/types.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Link } from "../kernel/link.ts";
import { isNetlinkError } from "../netlink/socket/index.ts";
import { attachmentOf } from "./attachment.ts";
import { deleteLink, enterIfThere, MARK_PAUSE_MS } from "./attachment-links.ts";
import { type Owner, ownerOf, parseOwnerMark } from "./owner.ts";
import { allOf } from "./steps.ts";

/*
 * Links that stand in the sandbox and have nothing on the host: macvlan and its like. The host gives the sandbox a number
 * (`Kernel.ensureNetnsId`) before such a link is made, and finds it again by that when no path leads there. The link is born
 * under a name that says whose it is, and gets its mark and its own name in one message: killed at any moment, ADD leaves
 * something that DEL and GC know.
 */

/** The name under which the link of an attachment is born: `tsn` and 12 hex digits. */
export const birthName = (owner: Owner): string => `tsn${owner.attachment.slice(0, 12)}`;

const isBirthName = (name: string): boolean => /^tsn[0-9a-f]{12}$/.test(name);

/** A link in some namespace that the host knows by number. */
interface Placed {
  readonly link: Link;
  readonly netnsId: number;
}

/**
 * Deletes the link of an attachment, wherever it is: through CNI_NETNS, and if it is not there, through the numbers the
 * host knows. Only with a proof that it is this attachment's (mark, or the address in prevResult): by the time of DEL the
 * path may lead into somebody else's namespace.
 * @param everywhere look further when it was found, for a second one: nothing has kept a runtime from ADD in two namespaces.
 *   Costs 0.1 ms for each namespace that the host knows.
 */
export async function deleteSandboxLink(
  host: Kernel,
  req: AttachmentRequest<NetworkConfig>,
  kind: string,
  { everywhere }: { everywhere: boolean },
): Promise<void> {
  const owner = ownerOf(attachmentOf(req));
  if ((await deleteByPath(host, req, owner, kind)) && !everywhere) return;
  const ours = (await knownLinks(host, kind)).filter(({ link }) => isOurs(link, owner));
  await allOf(ours.map(deletion(host)));
}

/**
 * Deletes the links of all attachments of a network that are not in `valid` (attachment hashes), and half-made ones: named
 * as they are born, without a mark. Returns how many went; goes on after an error.
 */
export async function collectSandboxLinks(
  host: Kernel,
  network: string,
  valid: ReadonlySet<string>,
  kind: string,
): Promise<number> {
  const known = await knownLinks(host, kind);
  const stale = known.filter(({ link }) => {
    const mark = parseOwnerMark(link.alias);
    return mark?.network === network && !valid.has(mark.attachment);
  });
  const validNames = new Set([...valid].map((attachment) => birthName({ network, attachment })));
  const isHalfMade = ({ link }: Placed): boolean => !link.alias && isBirthName(link.name) && !validNames.has(link.name);
  const halfMade = known.filter(isHalfMade);
  if (halfMade.length > 0) {
    await Bun.sleep(MARK_PAUSE_MS);
    const now = (await knownLinks(host, kind)).filter(isHalfMade);
    stale.push(
      ...halfMade.filter((was) => now.some((is) => is.netnsId === was.netnsId && is.link.name === was.link.name)),
    );
  }
  await allOf(stale.map(deletion(host)));
  return stale.length;
}

async function deleteByPath(
  host: Kernel,
  req: AttachmentRequest<NetworkConfig>,
  owner: Owner,
  kind: string,
): Promise<boolean> {
  if (req.netns === "") return false;
  await using sandbox = await enterIfThere(host, req.netns);
  if (!sandbox || sandbox.identity === host.identity) return false;
  const links = await sandbox.link.list({ kind });
  const ours = links.filter((link) => isOurs(link, owner));
  if (ours.length === 0) ours.push(...links.filter((link) => isListed(link, req)));
  await allOf(ours.map(({ name, index }) => [`delete ${name}`, () => deleteLink(sandbox, index)] as const));
  return ours.length > 0;
}

function isOurs(link: Link, owner: Owner): boolean {
  const mark = parseOwnerMark(link.alias);
  return mark ? mark.attachment === owner.attachment : !link.alias && link.name === birthName(owner);
}

/** Made by the reference plugin: no mark, and the address that ADD answered. */
function isListed(link: Link, req: AttachmentRequest<NetworkConfig>): boolean {
  if (link.name !== req.ifName || parseOwnerMark(link.alias)) return false;
  const listed = req.conf.prevResult?.interfaces ?? [];
  return listed.some((i) => i.name === link.name && i.sandbox !== undefined && i.mac?.toLowerCase() === link.mac);
}

async function knownLinks(host: Kernel, kind: string): Promise<Placed[]> {
  const found: Placed[] = [];
  for (const netnsId of await host.knownNetnsIds())
    try {
      for (const link of await host.link.list({ kind, netnsId })) found.push({ link, netnsId });
    } catch (error) {
      // That namespace has ended meanwhile, and its number with it.
      if (!isNetlinkError(error, "EINVAL")) throw error;
    }
  return found;
}

const deletion =
  (host: Kernel) =>
  ({ link, netnsId }: Placed) =>
    [`delete ${link.name} in namespace ${netnsId}`, () => deleteLink(host, link.index, netnsId)] as const;
