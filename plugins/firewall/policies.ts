import { type NftChange, type NftView, nftChange } from "../../src/kernel/nft.ts";
import { comment, commentOf } from "../../src/netlink/nft/index.ts";
import { linkKey } from "../../src/plugin/nat/link-key.ts";
import type { Slot } from "../../src/plugin/nat/records.ts";
import { TABLE } from "../../src/plugin/nat/table.ts";
import { bytesOfAscii } from "./ascii.ts";
import { PROFILE_MARK, type Profile, profileOf } from "./profile.ts";
import { LINKS, WITHIN } from "./table.ts";

/** What stands now. */
export async function currentProfiles(view: NftView): Promise<{ name: string; profile: Profile }[]> {
  return (await view.chains(TABLE, [bytesOfAscii(PROFILE_MARK)])).flatMap((chain) => {
    const profile = profileOf(chain);
    return profile && chain.name !== undefined ? [{ name: chain.name, profile }] : [];
  });
}

/**
 * The elements that the policies of all profiles together make. As with the reference's rules, between two links that both
 * have a policy no connection is opened, and within one only if none of its networks is isolated.
 */
export function policySlots(profiles: readonly Profile[]): Slot[] {
  const links = new Set<string>();
  const isolated = new Set<string>();
  for (const { link, policy } of profiles) {
    if (link === undefined || policy === "open") continue;
    links.add(link);
    if (policy === "isolated") isolated.add(link);
  }
  return [
    ...[...links].map((name) => ({ set: LINKS, key: linkKey(name) })),
    ...[...links].filter((name) => !isolated.has(name)).map((name) => ({ set: WITHIN, key: pairKey(name) })),
  ];
}

function pairKey(name: string): Uint8Array {
  const one = linkKey(name);
  const key = new Uint8Array(2 * one.length);
  key.set(one);
  key.set(one, one.length);
  return key;
}

/** Leaves the sets with exactly what these profiles make. */
export async function policyChanges(view: NftView, profiles: readonly Profile[]): Promise<NftChange[]> {
  const wanted = policySlots(profiles);
  const changes: NftChange[] = [];
  for (const set of [LINKS, WITHIN]) {
    const present = (await view.elements(TABLE, set)).filter(({ userdata }) => commentOf(userdata) === PROFILE_MARK);
    const keys = present.flatMap(({ key }) => (key?.value ? [key.value] : []));
    const mine = wanted.filter((slot) => slot.set === set).map(({ key }) => key);
    const surplus = keys.filter((key) => !mine.some((other) => isEqual(other, key)));
    const missing = mine.filter((key) => !keys.some((other) => isEqual(other, key)));
    if (surplus.length > 0) changes.push(...nftChange.delElements(TABLE, set, surplus));
    if (missing.length > 0)
      changes.push(
        ...nftChange.addElements(
          TABLE,
          set,
          missing.map((value) => ({ key: { value }, userdata: comment(PROFILE_MARK) })),
        ),
      );
  }
  return changes;
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
