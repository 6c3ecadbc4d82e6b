import type { CniResult } from "../../src/cni/types.ts";
import { formatIp, type Ip, ipFromBytes } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { NftChange, NftView, TableRef } from "../../src/kernel/nft.ts";
import { type NatRecord, readSlots, removal } from "../../src/plugin/nat/records.ts";
import { type Attachment, networkHash, type Owner, ownerOf } from "../../src/plugin/owner.ts";
import { removalOfIsolated, removalOfPorts } from "./bridged.ts";
import { addressesOf, hostSideOf } from "./member-of.ts";
import { surplusPassages } from "./passage.ts";
import { sharedByPolicy } from "./policies.ts";
import { hasPreviousForm, inPresentForm } from "./previous-form.ts";
import { referenceChains } from "./reference.ts";
import { profilesAfter, recordsWith, removalOfCounters, standingProfiles } from "./standing.ts";
import { addressSlot } from "./table.ts";

/** What DEL leaves to be done elsewhere. */
export interface Dismissed {
  /** Addresses that are nobody's now. */
  readonly free: readonly Ip[];
  /** Tables in which the reference plugin has a chain. */
  readonly reference: readonly TableRef[];
}

/**
 * DEL: removes what an attachment has; others' stay, also under the same keys.
 * @param result where to look; without addresses in it, and where not all are found, all records are looked through
 */
export function dismiss(host: Kernel, attachment: Attachment, mark: number, result: CniResult): Promise<Dismissed> {
  const { attachment: hash } = ownerOf(attachment);
  const isGone = (owner: Owner): boolean => owner.attachment === hash;
  const isOurs = (record: NatRecord | undefined): boolean => record?.owner?.attachment === hash;
  const addresses = addressesOf(result);
  const slots = addresses.map((address) => addressSlot(address, mark));
  return inPresentForm(host.nft, async (view) => {
    const [keyed, reference] = await Promise.all([readSlots(view, slots), referenceChains(view)]);
    let found: readonly (NatRecord | undefined)[] = keyed;
    if (keyed.length === 0 || !keyed.every(isOurs)) {
      if (await hasPreviousForm(view)) return undefined;
      found = await recordsWith(view, await standingProfiles(view), hash, ...slots.map(({ key }) => key));
    }
    const gone = found.filter((record) => record !== undefined && isOurs(record)) as NatRecord[];
    // Under another mark an address may be somebody else's.
    const held = new Set(found.flatMap((record) => (record && !isOurs(record) ? [record.key.toHex()] : [])));
    const free = addresses.filter((_, i) => !held.has(slots[i]?.key.toHex() ?? "")).map(({ ip }) => ip);
    const ports = () => removalOfPorts(view, hash, hostSideOf(result), isGone);
    return {
      changes: await removalOfMembers(view, gone, ports),
      result: { free: distinct([...gone.flatMap(({ key }) => ipFromBytes(key) ?? []), ...free]), reference },
    };
  });
}

const distinct = (ips: readonly Ip[]): Ip[] => [...new Map(ips.map((ip) => [formatIp(ip), ip])).values()];

/** GC: the same for attachments of a network that are not in `valid` (attachment hashes). */
export async function dismissStale(
  { nft }: Kernel,
  network: string,
  valid: ReadonlySet<string>,
): Promise<readonly Ip[]> {
  const hash = networkHash(network);
  const isGone = (owner: Owner): boolean => owner.network === hash && !valid.has(owner.attachment);
  const { free } = await inPresentForm(nft, async (view) => {
    if (await hasPreviousForm(view)) return undefined;
    const found = await recordsWith(view, await standingProfiles(view), hash);
    const gone = found.filter(({ owner }) => owner !== undefined && isGone(owner));
    return {
      changes: await removalOfMembers(view, gone, () => removalOfIsolated(view, hash, isGone)),
      result: { free: gone.flatMap(({ key }) => ipFromBytes(key) ?? []) },
    };
  });
  return free;
}

/** Elements, and with the last of a kind what they shared, in our tables and in others'. */
async function removalOfMembers(
  view: NftView,
  gone: readonly NatRecord[],
  ports: () => Promise<NftChange[]>,
): Promise<NftChange[]> {
  const concerned = await profilesAfter(view, gone);
  // Where nothing of ours was found somebody may have flushed our table, and not the rules in others'.
  const nothing = gone.length === 0;
  const isolated = nothing || concerned.some(({ profile }) => profile.policy === "isolated");
  const changes = [...(isolated ? await ports() : []), ...removal(gone)];
  const unused = concerned.filter(({ uses }) => uses <= 0);
  if (unused.length === 0 && !nothing) return changes;
  const standing = await standingProfiles(view);
  const names = unused.map(({ name }) => name);
  const surplus = standing.filter(({ name, uses }) => names.includes(name) || (nothing && uses === 0));
  const left = standing.filter((each) => !surplus.includes(each)).map(({ profile }) => profile);
  changes.push(...removalOfCounters(surplus));
  if (surplus.some(({ profile }) => profile.policy !== "open") || nothing)
    changes.push(...(await sharedByPolicy(view, left)));
  return [...changes, ...(await surplusPassages(view, left))];
}
