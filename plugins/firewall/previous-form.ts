import { type Cidr, ipToBytes } from "../../src/ip/index.ts";
import { type NftChange, type NftVerbs, type NftView, nftChange, nftLookup } from "../../src/kernel/nft.ts";
import { type Entry, findRecords, insertion, type NatRecord, readSlots } from "../../src/plugin/nat/records.ts";
import { ensureShared } from "../../src/plugin/nat/shared.ts";
import { TABLE } from "../../src/plugin/nat/table.ts";
import { bytesOfAscii } from "./ascii.ts";
import { PROFILE_MARK, type Profile, profileCounter, profileOf } from "./profile.ts";
import { missingCounters } from "./standing.ts";
import { addressSet, POLICY_PART, passPart } from "./table.ts";

/**
 * The form before docs/adr/0008 changed: maps of verdicts, in which an address leads to a chain of its profile, looked up from
 * one base chain. Where it stands it goes on working; whoever has to do with what is in it brings all of it into the
 * present form, in one batch, so that no packet of a running container is dropped.
 */
const BASE_CHAIN = "fw-forward";
const SETS = { 4: "fw4", 6: "fw6" } as const;

export async function hasPreviousForm(view: NftView): Promise<boolean> {
  return (await view.find(nftLookup.chain(TABLE, BASE_CHAIN)))[0] !== undefined;
}

/** What an earlier version wrote for these addresses, each in its place. */
export const previousRecords = (view: NftView, addresses: readonly Cidr[]): Promise<(NatRecord | undefined)[]> =>
  readSlots(
    view,
    addresses.map(({ ip }) => ({ set: SETS[ip.family], key: ipToBytes(ip) })),
  );

/** A transaction that asks, by `undefined`, for what an earlier version left to be brought into the present form before. */
export async function inPresentForm<T extends object>(
  nft: NftVerbs,
  decide: (view: NftView) => Promise<{ changes: readonly NftChange[]; result: T } | undefined>,
): Promise<T> {
  for (;;) {
    const result = await nft.transaction<T | undefined>(
      async (view) => (await decide(view)) ?? { changes: await conversion(view), result: undefined },
    );
    if (result !== undefined) return result;
  }
}

async function conversion(view: NftView): Promise<NftChange[]> {
  const profiles = new Map<string, Profile>();
  for (const chain of await view.chains(TABLE, [bytesOfAscii(PROFILE_MARK)])) {
    const profile = profileOf(chain);
    if (profile && chain.name !== undefined) profiles.set(chain.name, profile);
  }
  const { entries, used } = await inNewPlaces(view, profiles);
  const marks = new Set([...used].map(({ mark }) => mark));
  const parts = [POLICY_PART, ...[...marks].map(passPart)];
  const sets = Object.values(SETS);
  const present = await view.findAll(sets.map((name) => nftLookup.set(TABLE, name)));
  return [
    nftChange.flushChain(TABLE, BASE_CHAIN),
    nftChange.delChain(TABLE, BASE_CHAIN),
    ...(await Promise.all(parts.map((part) => ensureShared(view, part)))).flat(),
    ...(await missingCounters(view, [...used])),
    ...insertion(entries),
    ...sets
      .filter((_, i) => present[i] !== undefined)
      .flatMap((name) => [nftChange.flushSet(TABLE, name), nftChange.delSet(TABLE, name)]),
    ...[...profiles.keys()].flatMap((name) => [nftChange.flushChain(TABLE, name), nftChange.delChain(TABLE, name)]),
  ];
}

/** Where each record goes; what stands there already, of a switch to and fro, is the newer one. */
async function inNewPlaces(view: NftView, profiles: ReadonlyMap<string, Profile>) {
  const newSets = new Set([...profiles.values()].map(({ family, mark }) => addressSet(family, mark)));
  const taken = new Set((await findRecords(view, [...newSets])).map(({ set, key }) => `${set} ${key.toHex()}`));
  const entries: Entry[] = [];
  const used = new Set<Profile>();
  for (const { key, element } of await findRecords(view, Object.values(SETS))) {
    const profile = profiles.get(element.data?.verdict?.chain ?? "");
    if (profile === undefined) continue;
    const set = addressSet(profile.family, profile.mark);
    if (taken.has(`${set} ${key.toHex()}`)) continue;
    used.add(profile);
    entries.push({ set, key, element: { objref: profileCounter(profile).name, userdata: element.userdata } });
  }
  return { entries, used };
}
