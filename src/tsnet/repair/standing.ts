import type { CachedAttachment } from "../../cni/runtime/cache.ts";
import type { CniResult } from "../../cni/types.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Link } from "../../kernel/link.ts";
import { errnoCode } from "../../plugin/errors.ts";
import { hostVethName, ownerOf, parseOwnerMark } from "../../plugin/owner.ts";

/**
 * Whether an attachment that a runtime remembers is still there: by our link on the host, or in the container with our mark
 * (`ours`), by its interface in the container, which another main plugin made (`foreign`), or not at all.
 */
export type Standing = "ours" | "foreign" | "gone";

export async function standingOf(
  host: Kernel,
  cached: CachedAttachment,
  result: CniResult | undefined,
): Promise<Standing> {
  if (await hasOurLink(host, cached)) return "ours";
  const link = await linkInContainer(host, cached, result);
  if (!link) return "gone";
  return parseOwnerMark(link.alias)?.attachment === ownerOf(cached).attachment ? "ours" : "foreign";
}

/** The host's end of the pair by its derived name, with this attachment's mark. */
async function hasOurLink(host: Kernel, { network, containerId, ifName }: CachedAttachment): Promise<boolean> {
  const owner = ownerOf({ network, containerId, ifName });
  const link = await host.link.get(hostVethName(owner));
  return parseOwnerMark(link?.alias)?.attachment === owner.attachment;
}

/**
 * The interface has the hardware address and the addresses that ADD answered. The path alone proves nothing: a process ID may
 * be another's by now.
 */
async function linkInContainer(
  host: Kernel,
  cached: CachedAttachment,
  result: CniResult | undefined,
): Promise<Link | undefined> {
  const at = result?.interfaces?.findIndex((i) => i.name === cached.ifName && i.sandbox) ?? -1;
  const mac = result?.interfaces?.[at]?.mac?.toLowerCase();
  if (mac === undefined || cached.netns === "") return undefined;
  await using sandbox = await enterIfThere(host, cached.netns);
  if (!sandbox || sandbox.identity === host.identity) return undefined;
  const link = await sandbox.link.get(cached.ifName);
  if (link?.mac !== mac) return undefined;
  const addresses = (await sandbox.addr.list(link.index)).map((a) => `${a.address}/${a.prefixLen}`);
  const stands = (result?.ips ?? []).every((ip) => ip.interface !== at || addresses.includes(ip.address));
  return stands ? link : undefined;
}

async function enterIfThere(host: Kernel, path: string): Promise<Kernel | undefined> {
  try {
    return await host.enter(path);
  } catch (error) {
    if (errnoCode(error) === undefined) throw error;
    return undefined;
  }
}
