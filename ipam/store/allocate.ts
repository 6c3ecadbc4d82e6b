import { addToIp, type Ip, sameIp } from "../../src/ip/index.ts";
import { type Range, type RangeSet, rangeContains } from "./ranges.ts";

/** The first address from `from` to `to`, both included, that nobody holds; `undefined` when all are held. */
export type NextFree = (from: Ip, to: Ip) => Ip | undefined;

export interface Choice {
  readonly ip: Ip;
  readonly range: Range;
}

/**
 * Chooses the next address of a set, round-robin as the reference does: from the one after `last` (the start of the first
 * range when `last` is not in the set) through all ranges and around to `last` itself. Gateways are passed over. Asks
 * `nextFree` at most once per range and gateway, and once more, however large or full the ranges are.
 * @param gateways of every set of the configuration: another set's gateway is no address for a container either
 */
export function chooseAddress(
  set: RangeSet,
  last: Ip | undefined,
  gateways: readonly Ip[],
  nextFree: NextFree,
): Choice | undefined {
  for (const piece of pieces(set, last)) {
    let from = piece.from;
    while (from.value <= piece.to.value) {
      const ip = nextFree(from, piece.to);
      if (ip === undefined) break;
      if (!gateways.some((gateway) => sameIp(gateway, ip))) return { ip, range: piece.range };
      from = addToIp(ip, 1n);
      if (from.value === 0n) break; // the gateway was the last address there is
    }
  }
  return undefined;
}

interface Piece {
  readonly range: Range;
  readonly from: Ip;
  readonly to: Ip;
}

/** The set as stretches in the order in which they are to be tried. */
function pieces(set: RangeSet, last: Ip | undefined): Piece[] {
  const at = last === undefined ? -1 : set.findIndex((range) => rangeContains(range, last));
  const range = set[at];
  const whole = (each: Range): Piece => ({ range: each, from: each.start, to: each.end });
  if (range === undefined || last === undefined) return set.map(whole);
  const after = sameIp(last, range.end) ? [] : [{ range, from: addToIp(last, 1n), to: range.end }];
  const others = [...set.slice(at + 1), ...set.slice(0, at)].map(whole);
  return [...after, ...others, { range, from: range.start, to: last }];
}
