import type { RulesetSet } from "../../../kernel/nft-ruleset.ts";
import { NFT_SET, NFT_SET_ELEM, type NftElement } from "../../../netlink/nft/index.ts";

/** Elements of sets without intervals by their keys; a rule set is read once and searched often. */
const INDEXES = new WeakMap<readonly NftElement[], Map<string, NftElement>>();

function byKey(elements: readonly NftElement[]): Map<string, NftElement> {
  let index = INDEXES.get(elements);
  if (!index) {
    index = new Map(elements.flatMap((e) => (e.key?.value ? [[e.key.value.toHex(), e] as const] : [])));
    INDEXES.set(elements, index);
  }
  return index;
}

/** `undefined`: the set was read without its elements. Otherwise what the kernel's lookup of a key finds, or `null`. */
export function findElement({ set, elements }: RulesetSet, key: Uint8Array): NftElement | null | undefined {
  if (elements === undefined) return undefined;
  const flags = set.flags ?? 0;
  const isCatchAll = (e: NftElement): boolean => ((e.flags ?? 0) & NFT_SET_ELEM.CATCHALL) !== 0;
  const catchAll = (): NftElement | null => elements.find(isCatchAll) ?? null;
  if ((flags & NFT_SET.INTERVAL) === 0) return byKey(elements).get(key.toHex()) ?? catchAll();
  const normal = elements.filter((e) => !isCatchAll(e));
  const parts = set.desc?.concat;
  if (parts && parts.length > 1)
    return (
      normal.find((e) =>
        inConcatenation(
          e,
          key,
          parts.map((p) => p.len ?? 0),
        ),
      ) ?? catchAll()
    );
  return inIntervals(normal, key) ?? catchAll();
}

/** Intervals are listed as where they begin, and (flagged) where they end, which is outside. */
function inIntervals(elements: readonly NftElement[], key: Uint8Array): NftElement | undefined {
  let best: NftElement | undefined;
  for (const element of elements) {
    const start = element.key?.value;
    if (!start || compareBytes(start, key) > 0) continue;
    const order = best?.key?.value ? compareBytes(start, best.key.value) : 1;
    // Where one ends and the next begins, the beginning counts.
    if (order > 0 || (order === 0 && !isEnd(element))) best = element;
  }
  return best && !isEnd(best) ? best : undefined;
}

const isEnd = ({ flags }: NftElement): boolean => ((flags ?? 0) & NFT_SET_ELEM.INTERVAL_END) !== 0;

function inConcatenation(element: NftElement, key: Uint8Array, lengths: readonly number[]): boolean {
  const from = element.key?.value;
  const to = element.keyEnd?.value ?? from;
  if (!from || !to) return false;
  let at = 0;
  for (const length of lengths) {
    const part = key.subarray(at, at + length);
    if (compareBytes(part, from.subarray(at, at + length)) < 0) return false;
    if (compareBytes(part, to.subarray(at, at + length)) > 0) return false;
    at += (length + 3) & ~3;
  }
  return true;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
