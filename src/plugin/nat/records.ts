import type { NftChange, NftView } from "../../kernel/nft.ts";
import { elementLookups, nftChange, nftLookup } from "../../kernel/nft.ts";
import { commentOf, type NftElement } from "../../netlink/nft/index.ts";
import { type Owner, parseOwnerMark } from "../owner.ts";
import { TABLE } from "./table.ts";

/** An element of one of our sets, with what its comment says. */
export interface NatRecord {
  readonly set: string;
  readonly key: Uint8Array;
  readonly element: NftElement;
  /** Absent when somebody else made the element. */
  readonly owner: Owner | undefined;
  /** For people: network, container, interface. */
  readonly label: string;
  /** The boot in which it was made, where the record says. */
  readonly boot: string | undefined;
  /** Hash of the container, the same on all its networks, where the record says. */
  readonly container: string | undefined;
}

/** The word of a mark that says in which boot and for which container a record was made: `@<boot>.<container>`. */
export const recordNote = (boot: string, container: string): string => `@${boot}.${container}`;

const OWNER_LENGTH = "tsnet1 ".length + 16 + 1 + 32 + 1;

export function recordOf(set: string, element: NftElement): NatRecord {
  const text = commentOf(element.userdata);
  const owner = parseOwnerMark(text);
  const rest = owner ? (text ?? "").slice(OWNER_LENGTH) : (text ?? "");
  const space = rest.indexOf(" ");
  const marked = owner !== undefined && rest.startsWith("@") && space > 0;
  const [boot, container] = marked ? rest.slice(1, space).split(".") : [];
  return {
    set,
    key: element.key?.value ?? new Uint8Array(),
    element,
    owner,
    label: marked ? rest.slice(space + 1) : rest,
    boot,
    container,
  };
}

/** Where an element would be. */
export interface Slot {
  readonly set: string;
  readonly key: Uint8Array;
}

/** A text for each place, to compare them by: the set and the key's bytes as characters. */
export const slotName = ({ set, key }: Slot): string =>
  `${set} ${String.fromCharCode.apply(undefined, key as unknown as number[])}`;

/** So many questions take longer than a list of ten thousand elements. */
const MANY_SLOTS = 1000;

/** Looks at exactly these keys. */
export async function readSlots(view: NftView, slots: readonly Slot[]): Promise<(NatRecord | undefined)[]> {
  if (slots.length > MANY_SLOTS) return readManySlots(view, slots);
  const lookup = elementLookups(TABLE);
  const found = await view.findAll(slots.map(({ set, key }) => lookup(set, key)));
  return found.map((element, i) => element && recordOf(slots[i]?.set ?? "", element));
}

/** The same by a list of each set, whatever else is in it. */
async function readManySlots(view: NftView, slots: readonly Slot[]): Promise<(NatRecord | undefined)[]> {
  const names = slots.map(slotName);
  const wanted = new Set(names);
  const found = new Map<string, NatRecord>();
  for (const set of new Set(slots.map((slot) => slot.set))) {
    const isWanted = (key: Uint8Array): boolean => wanted.has(slotName({ set, key }));
    for (const element of await view.elementsWithKeys(TABLE, set, isWanted)) {
      const record = recordOf(set, element);
      found.set(slotName(record), record);
    }
  }
  return names.map((name) => found.get(name));
}

/**
 * All records of these sets, or at least those that have one of these in them: an owner's or a network's hash as text,
 * a part of the key as bytes.
 */
export async function findRecords(
  view: NftView,
  sets: readonly string[],
  ...containing: (string | Uint8Array)[]
): Promise<NatRecord[]> {
  const needles = containing.map((c) => (typeof c === "string" ? new TextEncoder().encode(c) : c));
  const records: NatRecord[] = [];
  for (const set of sets)
    for (const element of await view.elements(TABLE, set, needles.length === 0 ? undefined : needles))
      records.push(recordOf(set, element));
  return records;
}

/** Deletes elements that were just read, a message for each set. */
export function removal(records: readonly Slot[]): NftChange[] {
  return [...grouped(records)].flatMap(([set, keys]) => nftChange.delElements(TABLE, set, keys));
}

/** An element each in its set. */
export interface Entry extends Slot {
  readonly element: NftElement;
}

export function insertion(entries: readonly Entry[]): NftChange[] {
  const bySet = new Map<string, NftElement[]>();
  for (const { set, key, element } of entries) {
    const list = bySet.get(set) ?? [];
    list.push({ key: { value: key }, ...element });
    bySet.set(set, list);
  }
  return [...bySet].flatMap(([set, elements]) => nftChange.addElements(TABLE, set, elements));
}

function grouped(slots: readonly Slot[]): Map<string, Uint8Array[]> {
  const bySet = new Map<string, Uint8Array[]>();
  for (const { set, key } of slots) {
    const keys = bySet.get(set) ?? [];
    keys.push(key);
    bySet.set(set, keys);
  }
  return bySet;
}

/** Chains that the verdicts of these records lead to, and how many lead to each. */
export function targetsOf(records: readonly NatRecord[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { element } of records) {
    const chain = element.data?.verdict?.chain;
    if (chain !== undefined) counts.set(chain, (counts.get(chain) ?? 0) + 1);
  }
  return counts;
}

/** No chain of ours that is made on demand has more rules. */
const MOST_RULES = 64;

/**
 * The chains that nothing jumps to any more once these elements are gone. A chain's `use` counts its rules and the jumps
 * to it.
 */
export async function unusedAfter(
  view: NftView,
  gone: readonly NatRecord[],
  added: ReadonlyMap<string, number> = new Map(),
): Promise<string[]> {
  const unused: string[] = [];
  const targets = [...targetsOf(gone)].filter(([name]) => !added.has(name));
  const chains = await view.findAll(targets.map(([name]) => nftLookup.chainHead(TABLE, name)));
  for (const [i, [name, count]] of targets.entries()) {
    const left = (chains[i]?.use ?? Number.POSITIVE_INFINITY) - count;
    if (left > MOST_RULES || (await view.ruleComments(TABLE, name)).length !== left) continue;
    unused.push(name);
  }
  return unused;
}

export const removalOfChains = (names: readonly string[]): NftChange[] =>
  names.flatMap((name) => [nftChange.flushChain(TABLE, name), nftChange.delChain(TABLE, name)]);

/** Removes those chains. */
export const removalOfUnused = async (
  view: NftView,
  gone: readonly NatRecord[],
  added?: ReadonlyMap<string, number>,
): Promise<NftChange[]> => removalOfChains(await unusedAfter(view, gone, added));
