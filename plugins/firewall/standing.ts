import { type NftChange, type NftView, nftChange, nftLookup } from "../../src/kernel/nft.ts";
import { comment, type NftObject } from "../../src/netlink/nft/index.ts";
import { findRecords, type NatRecord } from "../../src/plugin/nat/records.ts";
import { TABLE } from "../../src/plugin/nat/table.ts";
import { bytesOfAscii } from "./ascii.ts";
import { PROFILE_MARK, type Profile, profileCounter, profileOf } from "./profile.ts";
import { addressSet } from "./table.ts";

/** A profile whose counter is there. */
export interface Standing {
  readonly name: string;
  readonly profile: Profile;
  /** Addresses that want it. */
  readonly uses: number;
}

function standingOf(counter: NftObject | undefined): Standing[] {
  const profile = counter && profileOf(counter);
  return profile && counter.name !== undefined ? [{ name: counter.name, profile, uses: counter.use ?? 0 }] : [];
}

/** All profiles that are there. */
export async function standingProfiles(view: NftView): Promise<Standing[]> {
  return (await view.counters(TABLE, [bytesOfAscii(PROFILE_MARK)])).flatMap(standingOf);
}

/** The profiles that these records are of, and how many addresses want each when these have gone. */
export async function profilesAfter(view: NftView, gone: readonly NatRecord[]): Promise<Standing[]> {
  const counts = new Map<string, number>();
  for (const { element } of gone)
    if (element.objref !== undefined) counts.set(element.objref, (counts.get(element.objref) ?? 0) + 1);
  const found = await view.findAll([...counts.keys()].map((name) => nftLookup.counter(TABLE, name)));
  return found.flatMap(standingOf).map((each) => ({ ...each, uses: each.uses - (counts.get(each.name) ?? 0) }));
}

/** Changes that make the counters of these profiles, where they are not. */
export async function missingCounters(view: NftView, profiles: readonly Profile[]): Promise<NftChange[]> {
  const counters = profiles.map(profileCounter);
  const found = await view.findAll(counters.map(({ name }) => nftLookup.counter(TABLE, name)));
  return counters.flatMap(({ name, about }, i) =>
    found[i] === undefined ? [nftChange.addCounter(TABLE, name, comment(about))] : [],
  );
}

export const removalOfCounters = (unused: readonly Standing[]): NftChange[] =>
  unused.map(({ name }) => nftChange.delCounter(TABLE, name));

/** Records of all marks that have one of these in them: an attachment's or a network's hash, a key. */
export function recordsWith(
  view: NftView,
  standing: readonly Standing[],
  ...containing: (string | Uint8Array)[]
): Promise<NatRecord[]> {
  const sets = new Set(standing.map(({ profile }) => addressSet(profile.family, profile.mark)));
  return findRecords(view, [...sets], ...containing);
}
