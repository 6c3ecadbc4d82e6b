import type { Kernel } from "../../kernel/kernel.ts";
import { type NftChange, type NftView, nftLookup, type TableRef } from "../../kernel/nft.ts";
import type { NftRule } from "../../netlink/nft/index.ts";
import { type Attachment, networkHash, sha512 } from "../owner.ts";
import { containersIn, mentions, NAT_TABLES, referenceChain, removeChain, removeRules } from "./reference-rules.ts";

const POSTROUTING = "POSTROUTING";
const chainOf = (owner: Omit<Attachment, "ifName">): string => referenceChain("CNI-", owner);

/** The nftables back-end: one rule for each address. */
const MASQ_TABLE: TableRef = { family: "inet", table: "cni_plugins_masquerade" };
const MASQ_CHAIN = "masq_checks";
/** Comments there begin with this. */
const markOf = ({ network, containerId, ifName }: Attachment): string =>
  `${networkHash(network)}-${sha512(`${ifName}:${containerId}`).slice(0, 16)}`;

/**
 * Removes what `ipMasq` of the reference plugins left for this attachment.
 * @param addresses its own, as bytes, where known: the chain of the iptables back-end is shared by all interfaces that a
 *   container has on a network, and stays while another one uses it
 */
export async function removeReferenceMasquerade(
  { nft }: Kernel,
  attachment: Attachment,
  addresses: readonly Uint8Array[],
): Promise<void> {
  const traces = await nft.findAll([
    ...NAT_TABLES.map((table) => nftLookup.chain(table, chainOf(attachment))),
    nftLookup.chain(MASQ_TABLE, MASQ_CHAIN),
  ]);
  if (traces.every((trace) => trace === undefined)) return;
  const mark = markOf(attachment);
  await nft.transaction(async (view) => {
    const isOurs = addresses.length === 0 ? undefined : (jump: NftRule) => mentions(jump, addresses);
    const changes = await removalOfChains(view, attachment, isOurs);
    changes.push(...(await removeRules(view, MASQ_TABLE, [MASQ_CHAIN], (comment) => comment.startsWith(mark))));
    return { changes, result: undefined };
  });
}

async function removalOfChains(
  view: NftView,
  owner: Omit<Attachment, "ifName">,
  isOurs?: (jump: NftRule) => boolean,
): Promise<NftChange[]> {
  const changes: NftChange[] = [];
  for (const table of NAT_TABLES)
    changes.push(...(await removeChain(view, table, chainOf(owner), [POSTROUTING], isOurs)));
  return changes;
}

/** GC: the same for all of a network that is not in `valid`. */
export async function collectReferenceMasquerade(
  { nft }: Kernel,
  network: string,
  valid: readonly Omit<Attachment, "network">[],
): Promise<void> {
  const traces = await nft.findAll([
    ...NAT_TABLES.map((table) => nftLookup.chain(table, POSTROUTING)),
    nftLookup.chain(MASQ_TABLE, MASQ_CHAIN),
  ]);
  if (traces.every((trace) => trace === undefined)) return;
  const containers = new Set(valid.map(({ containerId }) => containerId));
  const marks = valid.map((a) => markOf({ network, ...a }));
  const ofNetwork = `${networkHash(network)}-`;
  await nft.transaction(async (view) => {
    const changes: NftChange[] = [];
    const stale = new Set<string>();
    for (const table of NAT_TABLES)
      for (const id of await containersIn(view, table, POSTROUTING, network)) if (!containers.has(id)) stale.add(id);
    for (const containerId of stale) changes.push(...(await removalOfChains(view, { network, containerId })));
    const isStale = (comment: string): boolean =>
      comment.startsWith(ofNetwork) && !marks.some((mark) => comment.startsWith(mark));
    changes.push(...(await removeRules(view, MASQ_TABLE, [MASQ_CHAIN], isStale)));
    return { changes, result: undefined };
  });
}
