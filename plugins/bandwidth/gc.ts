import type { GcRequest } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { deleteLink, MARK_PAUSE_MS } from "../../src/plugin/attachment-links.ts";
import { type Attachment, networkHash, ownerOf, parseOwnerMark } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { BandwidthConf } from "./config.ts";
import { ifbName, isIfbName, referenceIfbName } from "./ifb.ts";
import { usersOf } from "./users.ts";

/**
 * GC: deletes the IFBs of this network's attachments that are not listed, and those without a mark that nothing leads to:
 * the reference's, whose names do not tell the network, after a crash, and half-made ones.
 */
export async function gc(req: GcRequest<BandwidthConf>, { host, note }: PluginContext): Promise<void> {
  const network = req.conf.name;
  const valid = req.validAttachments.map((a) => ({ network, containerId: a.containerID, ifName: a.ifname }));
  const ifbs = (await host.link.list({ kind: "ifb" })).filter(({ name }) => isIfbName(name));
  const stale = [...staleOf(ifbs, network, valid), ...(await abandonedOf(host, ifbs, valid))];
  await allOf(stale.map(({ name, index }) => [`delete ${name}`, () => deleteLink(host, index)] as const));
  if (stale.length > 0)
    note(`GC of network "${network}": deleted ${stale.length} IFBs of attachments that are not valid any more`);
}

function staleOf(ifbs: readonly Link[], network: string, valid: readonly Attachment[]): Link[] {
  const own = networkHash(network);
  const kept = new Set(valid.map((attachment) => ownerOf(attachment).attachment));
  return ifbs.filter(({ alias }) => {
    const mark = parseOwnerMark(alias);
    return mark?.network === own && !kept.has(mark.attachment);
  });
}

/** One that is being made has neither mark nor use for a moment, so they are looked at twice. */
async function abandonedOf(host: Kernel, ifbs: readonly Link[], valid: readonly Attachment[]): Promise<Link[]> {
  const kept = new Set(valid.flatMap((attachment) => [ifbName(ownerOf(attachment)), referenceIfbName(attachment)]));
  const unmarked = ifbs.filter(({ name, alias }) => !alias && !kept.has(name));
  if (unmarked.length === 0) return [];
  await Bun.sleep(MARK_PAUSE_MS);
  const abandoned: Link[] = [];
  for (const { index, name } of unmarked) {
    const now = await host.link.get(index);
    if (now?.name === name && !now.alias && (await usersOf(host, index)).length === 0) abandoned.push(now);
  }
  return abandoned;
}
