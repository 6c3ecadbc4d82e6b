import type { GcRequest } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { deleteLink, MARK_PAUSE_MS } from "../../src/plugin/attachment-links.ts";
import { networkHash, ownerOf, parseOwnerMark } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { collectSandboxLinks } from "../../src/plugin/sandbox-links.ts";
import { allOf } from "../../src/plugin/steps.ts";
import { noteDeleted, validOf } from "../../src/plugin/valid.ts";
import type { BandwidthConf } from "./config.ts";
import { ifbName, isIfbName, referenceIfbName } from "./ifb.ts";
import { removeLimit } from "./limit.ts";
import { removeRedirect } from "./redirect.ts";
import { usersByTarget, usersOf } from "./users.ts";

/**
 * GC: deletes the IFBs of this network's attachments that are not listed, with what leads to them, and those without a mark that nothing leads to:
 * the reference's, whose names do not tell the network, after a crash, and half-made ones. Those in containers go where the
 * host knows the namespace by a number, as it does behind our macvlan.
 */
export async function gc(req: GcRequest<BandwidthConf>, { host, note }: PluginContext): Promise<void> {
  const network = req.conf.name;
  const own = networkHash(network);
  const valid = validOf(req);
  const ifbs = (await host.link.list({ kind: "ifb" })).filter(({ name }) => isIfbName(name));
  const stale = [...staleOf(ifbs, own, valid), ...(await abandonedOf(host, ifbs, req))];
  let count = stale.length;
  const users = stale.length > 0 ? await usersByTarget(host) : new Map<number, number[]>();
  await allOf([
    ...stale.map(
      ({ name, index }) => [`delete ${name}`, () => deleteIfb(host, index, users.get(index) ?? [])] as const,
    ),
    [
      "delete IFBs in containers",
      async () => {
        count += await collectSandboxLinks(host, own, valid, "ifb");
      },
    ],
  ]);
  noteDeleted(note, network, count);
}

/** With the limits of the links that lead to it: one that stays would lose all that arrives at it. */
async function deleteIfb(host: Kernel, ifb: number, users: readonly number[]): Promise<void> {
  for (const link of users) await removeRedirect(host, link, [ifb]);
  await deleteLink(host, ifb);
  for (const link of users) await removeLimit(host, link);
}

function staleOf(ifbs: readonly Link[], own: string, valid: ReadonlySet<string>): Link[] {
  return ifbs.filter(({ alias }) => {
    const mark = parseOwnerMark(alias);
    return mark?.network === own && !valid.has(mark.attachment);
  });
}

/** One that is being made has neither mark nor use for a moment, so they are looked at twice. */
async function abandonedOf(
  host: Kernel,
  ifbs: readonly Link[],
  { conf, validAttachments }: GcRequest<BandwidthConf>,
): Promise<Link[]> {
  const kept = new Set(
    validAttachments.flatMap((a) => {
      const attachment = { network: conf.name, containerId: a.containerID, ifName: a.ifname };
      return [ifbName(ownerOf(attachment)), referenceIfbName(attachment)];
    }),
  );
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
