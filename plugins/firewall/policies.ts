import { type NftChange, type NftView, nftChange } from "../../src/kernel/nft.ts";
import { comment, commentOf } from "../../src/netlink/nft/index.ts";
import { linkKey } from "../../src/plugin/nat/link-key.ts";
import { readSlots, type Slot } from "../../src/plugin/nat/records.ts";
import { ensureShared } from "../../src/plugin/nat/shared.ts";
import { TABLE } from "../../src/plugin/nat/table.ts";
import { isolationChanges } from "./bridged.ts";
import { PROFILE_MARK, type Profile } from "./profile.ts";
import { LINKS, POLICY_PART, WITHIN } from "./table.ts";

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

/** Whether all that these profiles make by themselves is there, and nothing that they do not allow. */
export async function policiesStand(view: NftView, profiles: readonly Profile[]): Promise<boolean> {
  const wanted = policySlots(profiles);
  if (wanted.length === 0) return true;
  const links = wanted.filter(({ set }) => set === LINKS);
  const within = wanted.filter(({ set }) => set === WITHIN);
  // Of an isolated link there must be no such pair.
  const [part, found] = await Promise.all([
    ensureShared(view, POLICY_PART),
    readSlots(view, [...links, ...profiles.map(({ link = "" }) => ({ set: WITHIN, key: pairKey(link) }))]),
  ]);
  const pairs = found.slice(links.length).every((record) => (record !== undefined) === within.length > 0);
  return part.length === 0 && pairs && found.slice(0, links.length).every((record) => record !== undefined);
}

/** Leaves the sets with exactly what these profiles make; the chains that look at them stand from the first one on. */
async function policyChanges(view: NftView, profiles: readonly Profile[]): Promise<NftChange[]> {
  const wanted = policySlots(profiles);
  const changes = wanted.length === 0 ? [] : await ensureShared(view, POLICY_PART);
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

/** All that policies of several attachments make together: changes that leave exactly that. */
export const sharedByPolicy = async (view: NftView, profiles: readonly Profile[]): Promise<NftChange[]> => [
  ...(await policyChanges(view, profiles)),
  ...(await isolationChanges(view, profiles)),
];

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
