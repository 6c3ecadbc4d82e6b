import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { type Cidr, formatIp, type Ip, ipFromBytes } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { NftChange, NftView } from "../../src/kernel/nft.ts";
import { comment } from "../../src/netlink/nft/index.ts";
import { checkFailed } from "../../src/plugin/check.ts";
import { ensureChain, rulesOf } from "../../src/plugin/nat/chains.ts";
import type { Family } from "../../src/plugin/nat/expressions.ts";
import {
  type Entry,
  findRecords,
  insertion,
  type NatRecord,
  readSlots,
  removal,
  removalOfChains,
  unusedAfter,
} from "../../src/plugin/nat/records.ts";
import { checkShared, ensureShared } from "../../src/plugin/nat/shared.ts";
import { TABLE } from "../../src/plugin/nat/table.ts";
import { type Attachment, MAX_COMMENT, networkHash, type Owner, ownerMark, ownerOf } from "../../src/plugin/owner.ts";
import { checkIsolated, isolate, isolationChanges, removalOfIsolated } from "./bridged.ts";
import { missingPassages, type Obstacle, obstacles, surplusPassages } from "./passage.ts";
import { currentProfiles, policyChanges, policySlots } from "./policies.ts";
import { type Profile, profileChain } from "./profile.ts";
import { ADDRESS_SETS, addressSlot, FIREWALL_PART } from "./table.ts";

/** An attachment as the firewall sees it. */
export interface Member {
  readonly attachment: Attachment;
  readonly addresses: readonly Cidr[];
  /** What its addresses of a family want. */
  readonly profiles: Readonly<Record<Family, Profile>>;
  /** The host's end, a bridge's port, of a container that is to be isolated from others on the bridge. */
  readonly port: string | undefined;
}

/** The profiles that its addresses need. */
const profilesOf = ({ addresses, profiles }: Member): Profile[] =>
  [...new Set(addresses.map(({ ip }) => ip.family))].map((family) => profiles[family]);

/**
 * ADD: one element for each address leads to what it may, and other programs let it pass. One batch: all or nothing.
 * @returns whether the attachment had such elements before
 */
export async function admit({ nft }: Kernel, member: Member): Promise<boolean> {
  const { attachment, addresses, port } = member;
  const profiles = profilesOf(member);
  const userdata = comment(ownerMark(attachment, MAX_COMMENT));
  const { attachment: hash } = ownerOf(attachment);
  return nft.transaction(async (view) => {
    const hooked = await view.baseChains("forward");
    refuseObstacles(await obstacles(view, profiles, hooked));
    const changes = await ensureShared(view, FIREWALL_PART);
    const added = new Map<string, number>();
    for (const profile of profiles) {
      const { name, about, rules } = profileChain(profile);
      changes.push(...(await ensureChain(view, name, about, rules)));
      added.set(name, addresses.filter(({ ip }) => ip.family === profile.family).length);
    }
    // An address belongs to whom IPAM gave it; a record of an earlier holder is stale.
    const slots = addresses.map(addressSlot);
    const stale = (await readSlots(view, slots)).filter((record) => record !== undefined);
    const entries = addresses.map(
      (address): Entry => ({
        ...addressSlot(address),
        element: {
          data: { verdict: { code: "goto", chain: profileChain(member.profiles[address.ip.family]).name } },
          userdata,
        },
      }),
    );
    changes.push(...removal(stale), ...insertion(entries));
    const unused = await unusedAfter(view, stale, added);
    changes.push(...removalOfChains(unused));
    if (unused.length > 0 || profiles.some(({ policy }) => policy !== "open")) {
      const all = [...(await staying(view, unused)), ...profiles];
      changes.push(...(await sharedByPolicy(view, all)));
      if (unused.length > 0) changes.push(...(await surplusPassages(view, all)));
    }
    if (port !== undefined) changes.push(...(await isolate(view, attachment, port)));
    changes.push(...(await missingPassages(view, profiles, hooked)).changes);
    return { changes, result: stale.some(({ owner }) => owner?.attachment === hash) };
  });
}

/** What policies of several attachments make together. */
const sharedByPolicy = async (view: NftView, profiles: readonly Profile[]): Promise<NftChange[]> => [
  ...(await policyChanges(view, profiles)),
  ...(await isolationChanges(view, profiles)),
];

/** The profiles that are there, without those that go. */
const staying = async (view: NftView, unused: readonly string[]): Promise<Profile[]> =>
  (await currentProfiles(view)).filter(({ name }) => !unused.includes(name)).map(({ profile }) => profile);

function refuseObstacles([first, ...others]: readonly Obstacle[]): void {
  if (!first) return;
  const all = [first, ...others];
  throw new CniError(
    CNI_CODE.OPERATION_FAILED,
    `nft chain${all.length > 1 ? "s" : ""} ${all.map(({ name }) => `"${name}"`).join(", ")} would drop the container's packets: policy drop at the forward hook`,
    `let packets with our mark pass there: ${all.map(({ remedy }) => remedy).join("; ")}`,
  );
}

/**
 * DEL: removes what an attachment has; others' stay, also under the same keys.
 * @param addresses where to look; without them, and where not all are found, all records are looked through
 * @returns the addresses that are nobody's now
 */
export async function dismiss({ nft }: Kernel, attachment: Attachment, addresses: readonly Cidr[]): Promise<Ip[]> {
  const { attachment: hash } = ownerOf(attachment);
  const isGone = (owner: Owner): boolean => owner.attachment === hash;
  return nft.transaction(async (view) => {
    const keyed = await readSlots(view, addresses.map(addressSlot));
    const isOurs = (record: NatRecord | undefined): boolean => record?.owner?.attachment === hash;
    const all = keyed.length > 0 && keyed.every(isOurs) ? keyed : await findRecords(view, ADDRESS_SETS, hash);
    const gone = all.filter((record) => record !== undefined && isOurs(record)) as NatRecord[];
    const free = addresses.filter((_, i) => keyed[i] === undefined || isOurs(keyed[i])).map(({ ip }) => ip);
    const found = gone.flatMap(({ key }) => ipFromBytes(key) ?? []);
    return {
      changes: await removalOfMembers(view, gone, await removalOfIsolated(view, hash, isGone)),
      result: distinct([...found, ...free]),
    };
  });
}

const distinct = (ips: readonly Ip[]): Ip[] => [...new Map(ips.map((ip) => [formatIp(ip), ip])).values()];

/** GC: the same for attachments of a network that are not in `valid` (attachment hashes). */
export async function dismissStale({ nft }: Kernel, network: string, valid: ReadonlySet<string>): Promise<Ip[]> {
  const hash = networkHash(network);
  const isGone = (owner: Owner): boolean => owner.network === hash && !valid.has(owner.attachment);
  return nft.transaction(async (view) => {
    const found = await findRecords(view, ADDRESS_SETS, hash);
    const gone = found.filter(({ owner }) => owner !== undefined && isGone(owner));
    return {
      changes: await removalOfMembers(view, gone, await removalOfIsolated(view, hash, isGone)),
      result: gone.flatMap(({ key }) => ipFromBytes(key) ?? []),
    };
  });
}

/** Elements, and with the last of a kind what they shared, in our tables and in others'. */
async function removalOfMembers(
  view: NftView,
  gone: readonly NatRecord[],
  isolated: readonly NftChange[],
): Promise<NftChange[]> {
  const unused = await unusedAfter(view, gone);
  const changes = [...isolated, ...removal(gone), ...removalOfChains(unused)];
  // Where nothing of ours was found somebody may have flushed our table, and not the rules in others'.
  if (unused.length === 0 && gone.length > 0) return changes;
  const left = await staying(view, unused);
  return [...changes, ...(await sharedByPolicy(view, left)), ...(await surplusPassages(view, left))];
}

/** CHECK: all of it stands. CniError 101 names what does not. */
export async function checkAdmitted({ nft }: Kernel, member: Member): Promise<void> {
  const { attachment, addresses, port } = member;
  const owner = ownerOf(attachment);
  await checkShared(nft, FIREWALL_PART);
  for (const [i, record] of (await readSlots(nft, addresses.map(addressSlot))).entries()) {
    const address = addresses[i];
    if (!address) continue;
    const text = formatIp(address.ip);
    if (record?.owner?.attachment !== owner.attachment)
      throw checkFailed(
        `the packets of ${text} are not let through for this attachment: ${record ? `the record is of ${record.label || "somebody else"}` : "the record is missing"}`,
      );
    const { name, rules } = profileChain(member.profiles[address.ip.family]);
    if (record.element.data?.verdict?.chain !== name)
      throw checkFailed(`the record of ${text} leads to another nft chain than "${name}"`);
    const present = await rulesOf(nft, name);
    if (present.length !== rules.length || rules.some((rule, n) => rule.comment !== present[n]))
      throw checkFailed(`nft chain "${TABLE.family} ${TABLE.table} ${name}" is not as it was made`);
  }
  await checkPolicies(nft, member);
  const profiles = profilesOf(member);
  if (port !== undefined) await checkIsolated(nft, attachment, port, await staying(nft, []));
  const hooked = await nft.baseChains("forward");
  const [obstacle] = await obstacles(nft, profiles, hooked);
  if (obstacle)
    throw checkFailed(`nft chain "${obstacle.name}" drops the container's packets: policy drop`, obstacle.remedy);
  const [missing] = (await missingPassages(nft, profiles, hooked)).missing;
  if (missing !== undefined) throw checkFailed(missing, '"tsnet repair" puts it back, and so does the next ADD');
}

async function checkPolicies(view: NftView, member: Member): Promise<void> {
  const own = profilesOf(member);
  if (own.every(({ policy }) => policy === "open")) return;
  const links = new Set(own.map(({ link }) => link));
  const together = (await staying(view, [])).filter(({ link }) => links.has(link));
  const slots = policySlots(together);
  for (const [i, record] of (await readSlots(view, slots)).entries())
    if (!record)
      throw checkFailed(
        `nft set "${TABLE.family} ${TABLE.table} ${slots[i]?.set}" lacks link "${[...links].join(", ")}"`,
      );
}
