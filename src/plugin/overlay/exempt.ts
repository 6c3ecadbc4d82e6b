import { addToIp, type Cidr, compareIp, type Ip, ipFromBytes, ipToBytes, lastIp, networkIp } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { type NftChange, type NftView, nftChange, nftLookup } from "../../kernel/nft.ts";
import { comment, NFT_SET, NFT_SET_ELEM, type NftElement } from "../../netlink/nft/index.ts";
import { checkFailed } from "../check.ts";
import type { NamedRule } from "../nat/chains.ts";
import { inSet, isFamily, loadKey, verdict } from "../nat/expressions.ts";
import { masqueradeChain } from "../nat/masquerade.ts";
import { declareSet, type SetSpec, TABLE } from "../nat/table.ts";
import { networkHash } from "../owner.ts";

/**
 * Which destinations are not masqueraded: the subnets of all hosts of an overlay. A set of ranges for each family, so that a
 * packet is looked up once, however many hosts there are.
 */
const FAMILIES = [4, 6] as const;

const setName = (network: string, family: 4 | 6): string => `overlay${family}-${networkHash(network)}`;

function setOf(network: string, family: 4 | 6): SetSpec {
  const about = `subnets of all hosts of ${network}`.slice(0, 120);
  const set = declareSet(setName(network, family), [family === 4 ? "ipv4_addr" : "ipv6_addr"], undefined, about);
  return { ...set, flags: NFT_SET.INTERVAL };
}

/** The rules of the network's masquerading that let pass what goes to another host. */
export const exemptRules = (network: string): NamedRule[] =>
  FAMILIES.map((family) => ({
    comment: `IPv${family} to hosts of the overlay`,
    expressions: [
      ...isFamily(family),
      ...loadKey(family, ["daddr"]),
      inSet(setName(network, family)),
      verdict("return"),
    ],
  }));

/**
 * Makes the sets hold these subnets. Gives whether anything was changed.
 * @param keepOthers add to what they hold
 */
export async function updateExempt(
  { nft }: Kernel,
  network: string,
  subnets: readonly Cidr[],
  { keepOthers }: { keepOthers: boolean },
): Promise<boolean> {
  return nft.transaction(async (view) => {
    const found = await findSets(view, network);
    const changes: NftChange[] = [];
    for (const family of FAMILIES) {
      const name = setName(network, family);
      const isThere = found[family];
      const present = isThere ? await view.elements(TABLE, name) : [];
      const kept = keepOthers ? rangesOf(present) : [];
      const wanted = elementsFor(union([...kept, ...rangesFor(subnets, family)]));
      if (isThere && same(present, wanted)) continue;
      if (!isThere) changes.push(nftChange.addSet(TABLE, { ...setOf(network, family), id: family }));
      if (present.length > 0) changes.push(nftChange.flushSet(TABLE, name));
      if (wanted.length > 0) changes.push(...nftChange.addElements(TABLE, name, wanted));
    }
    const table =
      changes.length === 0 ? [] : [nftChange.addTable(TABLE, comment("tsnet: published ports, masquerading"))];
    return { result: changes.length > 0, changes: [...table, ...changes] };
  });
}

/** Removes the sets once the network's masquerading does not use them any more. */
export async function removeExempt({ nft }: Kernel, network: string): Promise<void> {
  await nft.transaction(async (view) => {
    const found = await findSets(view, network);
    const [chain] = await view.findAll([nftLookup.chain(TABLE, masqueradeChain({ network: networkHash(network) }))]);
    const gone = chain ? [] : FAMILIES.filter((family) => found[family]);
    return { result: undefined, changes: gone.map((family) => nftChange.delSet(TABLE, setName(network, family))) };
  });
}

/** CHECK: each of these subnets is exempt. */
export async function checkExempt({ nft }: Kernel, network: string, subnets: readonly Cidr[]): Promise<void> {
  for (const family of FAMILIES) {
    const name = setName(network, family);
    const present = rangesOf(await nft.elements(TABLE, name));
    const wanted = rangesFor(subnets, family);
    if (!sameRanges(union([...present, ...wanted]), present))
      throw checkFailed(`nft set "${TABLE.family} ${TABLE.table} ${name}" lacks subnets of the overlay's hosts`);
  }
}

async function findSets(view: NftView, network: string): Promise<Record<4 | 6, boolean>> {
  const [four, six] = await view.findAll(FAMILIES.map((family) => nftLookup.set(TABLE, setName(network, family))));
  return { 4: four !== undefined, 6: six !== undefined };
}

/** From `first` up to, and without, `end`; `undefined` is the end of the address space. */
interface Range {
  readonly first: Ip;
  readonly end: Ip | undefined;
}

const rangesFor = (subnets: readonly Cidr[], family: 4 | 6): Range[] =>
  subnets.filter(({ ip }) => ip.family === family).map((subnet) => ({ first: networkIp(subnet), end: after(subnet) }));

function after(subnet: Cidr): Ip | undefined {
  const next = addToIp(lastIp(subnet), 1n);
  return next.value === 0n ? undefined : next;
}

/** In order, what overlaps or touches put together: the kernel wants them disjoint. */
function union(ranges: readonly Range[]): Range[] {
  const joined: Range[] = [];
  for (const range of ranges.toSorted((a, b) => compareIp(a.first, b.first))) {
    const last = joined.at(-1);
    if (!last || (last.end !== undefined && compareIp(last.end, range.first) < 0)) joined.push(range);
    else if (last.end !== undefined && (range.end === undefined || compareIp(range.end, last.end) > 0))
      joined[joined.length - 1] = { first: last.first, end: range.end };
  }
  return joined;
}

/** Each range is two elements: its first address, and the one behind its last, flagged as an end. */
const elementsFor = (ranges: readonly Range[]): NftElement[] =>
  ranges.flatMap(({ first, end }) => [
    { key: { value: ipToBytes(first) } },
    ...(end ? [{ key: { value: ipToBytes(end) }, flags: NFT_SET_ELEM.INTERVAL_END }] : []),
  ]);

const isEnd = ({ flags = 0 }: NftElement): boolean => (flags & NFT_SET_ELEM.INTERVAL_END) !== 0;

function rangesOf(elements: readonly NftElement[]): Range[] {
  const points = elements.flatMap((element) => {
    const ip = ipFromBytes(element.key?.value ?? new Uint8Array());
    return ip ? [{ ip, end: isEnd(element) }] : [];
  });
  // Where one ends and the next begins, the end comes first.
  points.sort((a, b) => compareIp(a.ip, b.ip) || Number(b.end) - Number(a.end));
  const ranges: Range[] = [];
  for (const [i, { ip, end }] of points.entries()) {
    if (end) continue;
    const next = points[i + 1];
    ranges.push({ first: ip, end: next?.ip });
  }
  return union(ranges);
}

const same = (present: readonly NftElement[], wanted: readonly NftElement[]): boolean =>
  present.length === wanted.length && sameRanges(rangesOf(present), rangesOf(wanted));

const sameRanges = (a: readonly Range[], b: readonly Range[]): boolean =>
  a.length === b.length && a.every((range, i) => text(range) === text(b[i]));

const text = (range: Range | undefined): string => `${range?.first.value}-${range?.end?.value ?? "end"}`;
