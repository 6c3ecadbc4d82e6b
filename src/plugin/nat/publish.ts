import { CNI_CODE, CniError } from "../../cni/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { NftChange, NftView } from "../../kernel/nft.ts";
import { comment } from "../../netlink/nft/index.ts";
import { type Attachment, containerHash, MAX_COMMENT, ownerMark, ownerOf } from "../owner.ts";
import { ensureChain } from "./chains.ts";
import {
  guardSlot,
  hairpinSlot,
  hostEnd,
  isLoopback,
  PORT_MAPS,
  PORT_SETS,
  type Published,
  portBytes,
  portIndex,
  portSlot,
  privateSlot,
  publishedOf,
  standbyData,
  standbySlot,
  targetBytes,
} from "./port-keys.ts";
import { PORT_PART } from "./port-table.ts";
import {
  type Entry,
  findRecords,
  insertion,
  type NatRecord,
  readSlots,
  recordNote,
  removal,
  removalOfUnused,
  type Slot,
  slotName,
} from "./records.ts";
import { ensureShared } from "./shared.ts";
import type { SideChain } from "./side-chains.ts";

/** A port to publish, with what goes with it. */
export interface Publication extends Published {
  /** From where connections are masqueraded; absent: from nowhere. */
  readonly hairpin: SideChain | undefined;
  /** Who may use it; absent: everybody. */
  readonly guard: SideChain | undefined;
}

/** Eight digits of the boot's random number: a record of an earlier boot, put back from a saved rule set, binds nobody. */
export async function currentBoot({ sysctl }: Kernel): Promise<string> {
  return (await sysctl.get("kernel/random/boot_id")).slice(0, 8);
}

/**
 * Publishes ports as one batch: all or none. Records of the requester itself, and of an earlier boot, are taken over.
 * A port that leads to the same container through another of its networks (Podman publishes on all of them) stays so, and
 * this one stands by. CniError 11 when another container holds a port.
 */
export async function publish(
  host: Kernel,
  attachment: Attachment,
  publications: readonly Publication[],
): Promise<void> {
  const owner = ownerOf(attachment);
  const boot = await currentBoot(host);
  const container = containerHash(attachment.containerId);
  const userdata = comment(ownerMark(attachment, MAX_COMMENT, recordNote(boot, container)));

  await host.nft.transaction(async (view) => {
    const shared = await ensureShared(view, PORT_PART);
    const { holders, others, looked } = await look(view, publications);
    const isFree = (record: NatRecord): boolean =>
      record.owner?.attachment === owner.attachment || (record.boot !== undefined && record.boot !== boot);
    const holding = holders.filter((record) => !isFree(record));
    const taken = holding.find((record) => record.container !== container);
    if (taken) throw takenError(taken);
    const siblings = portIndex(holding.flatMap((record) => publishedOf(record) ?? []));
    const waits = (p: Published): boolean => siblings.hasConflict(p);
    const entries = publications
      .flatMap((p) => (waits(p) ? standbyEntries(p, userdata) : entriesOf(p, userdata)))
      .concat(privateEntries(publications, userdata));
    // All that stands on our keys, whoever made it, and all that goes with the holders that give way.
    const displaced = holders.filter(isFree).flatMap((record) => publishedOf(record) ?? []);
    const unread = displaced.flatMap(slotsOf).filter((slot) => !looked.has(slotName(slot)));
    const went = (await readSlots(view, unread)).filter((record) => record !== undefined);
    const kept = new Set(publications.filter(waits).map((p) => slotName(guardSlot(p))));
    const stale = distinct([...holders.filter(isFree), ...others.filter((r) => !kept.has(slotName(r))), ...went]);
    return {
      result: undefined,
      changes: [
        ...shared,
        ...(await ensureSideChains(view, publications)),
        ...removal(stale),
        ...insertion(entries),
        ...(await removalOfUnused(view, stale, chainsOf(entries))),
      ],
    };
  });
}

/** Every key that a published port can have an element under. */
export const slotsOf = (p: Published): Slot[] => [
  portSlot(p),
  guardSlot(p),
  hairpinSlot(p),
  privateSlot(p),
  standbySlot(p),
];

const jump = (slot: Slot, chain: SideChain | undefined, userdata: Uint8Array): Entry[] =>
  chain ? [{ ...slot, element: { data: { verdict: { code: "jump", chain: chain.name } }, userdata } }] : [];

const entriesOf = (p: Publication, userdata: Uint8Array): Entry[] => [
  portEntry(p, userdata),
  ...jump(guardSlot(p), p.guard, userdata),
  ...jump(hairpinSlot(p), p.hairpin, userdata),
];

/** The element that makes a port lead to a container. */
export const portEntry = (p: Published, userdata: Uint8Array): Entry => ({
  ...portSlot(p),
  element: { data: { value: targetBytes(p) }, userdata },
});

/** A port with conditions does not take over: they would have to change with it. */
const standbyEntries = (p: Publication, userdata: Uint8Array): Entry[] =>
  p.guard
    ? []
    : [
        { ...standbySlot(p), element: { data: { value: standbyData(p) }, userdata } },
        ...jump(hairpinSlot(p), p.hairpin, userdata),
      ];

/** Chains that these elements lead to, and how many lead to each. */
function chainsOf(entries: readonly Entry[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { element } of entries) {
    const chain = element.data?.verdict?.chain;
    if (chain !== undefined) counts.set(chain, (counts.get(chain) ?? 0) + 1);
  }
  return counts;
}

/** A container's port is private when each of its publications is on a loopback address. */
export function privateEntries(publications: readonly Published[], userdata: Uint8Array): Entry[] {
  const slots = publications.map((p) => ({ slot: privateSlot(p), isPrivate: isPrivate(p) }));
  const open = new Set(slots.filter((s) => !s.isPrivate).map((s) => slotName(s.slot)));
  return distinct(slots.filter((s) => !open.has(slotName(s.slot))).map((s) => s.slot)).map((slot) => ({
    ...slot,
    element: { userdata },
  }));
}

const isPrivate = (p: Published): boolean => p.hostAddress !== undefined && isLoopback(p.hostAddress);

const byName = <S extends Slot>(slots: readonly S[]): Map<string, S> =>
  new Map(slots.map((slot) => [slotName(slot), slot]));

const distinct = <S extends Slot>(slots: readonly S[]): S[] => [...byName(slots).values()];

/**
 * What stands on the keys of these ports. `holders` are in the way, as sockets would be: a port on every address excludes
 * the same port on any address, and the other way round; families and protocols are apart. `others` only go with a port.
 * `looked` has the names of all places that were looked at.
 */
async function look(
  view: NftView,
  publications: readonly Published[],
): Promise<{ holders: NatRecord[]; others: NatRecord[]; looked: ReadonlyMap<string, Slot> }> {
  const everywhere = publications.map((p) => portSlot({ ...p, hostAddress: undefined }));
  const looked = byName([...everywhere, ...publications.flatMap(slotsOf)]);
  const found = (await readSlots(view, [...looked.values()])).filter((record) => record !== undefined);
  const holders = found.filter((record) => PORT_MAPS.includes(record.set));
  const others = found.filter((record) => !PORT_MAPS.includes(record.set));
  for (const family of [4, 6] as const) {
    const wanted = publications.filter((p) => p.family === family && !p.hostAddress);
    if (wanted.length === 0) continue;
    const ports = new Set(wanted.map((p) => `${p.protocol} ${p.hostPort}`));
    // The keys begin with the address, so there is no looking up by port alone.
    const parts = wanted.map((p) => portBytes(p.protocol, p.hostPort));
    for (const record of await findRecords(view, [PORT_SETS.hostPorts[family]], ...parts)) {
      const p = publishedOf(record);
      if (p && ports.has(`${p.protocol} ${p.hostPort}`)) holders.push(record);
    }
  }
  return { holders, others, looked };
}

async function ensureSideChains(view: NftView, publications: readonly Publication[]): Promise<NftChange[]> {
  const chains = new Map<string, SideChain>();
  for (const { hairpin, guard } of publications)
    for (const chain of [hairpin, guard]) if (chain) chains.set(chain.name, chain);
  const changes: NftChange[] = [];
  for (const { name, about, rules } of chains.values()) changes.push(...(await ensureChain(view, name, about, rules)));
  return changes;
}

function takenError(record: NatRecord): CniError {
  const p = publishedOf(record);
  const where = p ? hostEnd(p) : "a port";
  const holder = record.label || (record.owner ? `attachment ${record.owner.attachment}` : "somebody without a name");
  return new CniError(
    CNI_CODE.TRY_AGAIN_LATER,
    `host port ${where} is taken by ${holder}`,
    `it is free once that attachment is deleted; if it is gone for good: tsnet ports release${p ? ` ${hostEnd(p)}` : ""}`,
  );
}
