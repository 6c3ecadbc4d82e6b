import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import {
  addToIp,
  type Cidr,
  cidrContains,
  compareIp,
  formatCidr,
  formatIp,
  type Ip,
  type IpFamily,
  ipBits,
  lastIp,
  networkIp,
  sameIp,
} from "../../src/ip/index.ts";

/** Addresses `start` to `end`, both included, handed out with the subnet's prefix length. */
export interface Range {
  readonly subnet: Cidr;
  readonly start: Ip;
  readonly end: Ip;
  /** Never handed out. */
  readonly gateway: Ip;
}

/** Ranges that are alternatives to each other; an attachment gets one address of every set. One address family. */
export type RangeSet = readonly Range[];

/** A range as a configuration gives it. */
export interface RangeInput {
  readonly subnet: Cidr;
  readonly start?: Ip | undefined;
  readonly end?: Ip | undefined;
  readonly gateway?: Ip | undefined;
}

function wrong(msg: string, details = ""): CniError {
  return new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, msg, details);
}

/**
 * Fills in what is not given, as the reference host-local does: gateway and start are the first address after the
 * network's, the end is the last but one address for IPv4 and the last for IPv6. Explicit bounds may be the network or
 * broadcast address. Throws CniError 7.
 */
export function completeRange(input: RangeInput): Range {
  const { subnet } = input;
  const family = subnet.ip.family;
  const text = formatCidr(subnet);
  const longest = ipBits(family) - 2;
  if (subnet.prefixLen > longest)
    throw wrong(`Network ${text} too small to allocate from`, `a range needs a prefix length of at most ${longest}`);
  const network = networkIp(subnet);
  if (!sameIp(network, subnet.ip))
    throw wrong(
      `Cannot use subnet "${text}": host bits are set`,
      `the network address for this length is ${formatCidr({ ip: network, prefixLen: subnet.prefixLen })}`,
    );
  const first = addToIp(network, 1n);
  const start = inSubnet("rangeStart", input.start, subnet) ?? first;
  const end = inSubnet("rangeEnd", input.end, subnet) ?? (family === 4 ? addToIp(lastIp(subnet), -1n) : lastIp(subnet));
  if (compareIp(start, end) > 0)
    throw wrong(
      `Cannot use range ${formatIp(start)}-${formatIp(end)} of subnet "${text}": it ends before it starts`,
      "rangeStart and rangeEnd are both included and must be in this order",
    );
  const gateway = input.gateway ?? first;
  if (gateway.family !== family)
    throw wrong(`Cannot use gateway "${formatIp(gateway)}" for subnet "${text}": another address family`);
  return { subnet, start, end, gateway };
}

function inSubnet(key: string, ip: Ip | undefined, subnet: Cidr): Ip | undefined {
  if (ip !== undefined && !cidrContains(subnet, ip))
    throw wrong(`Cannot use ${key} "${formatIp(ip)}": it is not in subnet "${formatCidr(subnet)}"`);
  return ip;
}

/** Throws CniError 7 for an empty set, mixed families, or ranges that overlap, within a set or between sets. */
export function checkRangeSets(sets: readonly RangeSet[]): void {
  const seen: { range: Range; set: number }[] = [];
  for (const [set, ranges] of sets.entries()) {
    if (ranges.length === 0) throw wrong(`Range set ${set} is empty`, "give it at least one range with a subnet");
    for (const range of ranges) {
      if (range.start.family !== ranges[0]?.start.family)
        throw wrong(`Range set ${set} mixes IPv4 and IPv6`, "make a set of its own for each family");
      const other = seen.find((earlier) => overlap(earlier.range, range));
      if (other !== undefined)
        throw wrong(
          `Range ${formatRange(range)} of set ${set} overlaps with ${formatRange(other.range)} of set ${other.set}`,
        );
      seen.push({ range, set });
    }
  }
}

export function rangeContains(range: Range, ip: Ip): boolean {
  return ip.family === range.start.family && ip.value >= range.start.value && ip.value <= range.end.value;
}

export function rangeFor(set: RangeSet, ip: Ip): Range | undefined {
  return set.find((range) => rangeContains(range, ip));
}

function overlap(a: Range, b: Range): boolean {
  return a.start.family === b.start.family && a.start.value <= b.end.value && b.start.value <= a.end.value;
}

/** Every gateway of a configuration; none of them is handed out by any set. */
export function gatewaysOf(sets: readonly RangeSet[]): Ip[] {
  return sets.flatMap((set) => set.map((range) => range.gateway));
}

export function formatRange(range: Range): string {
  return `${formatIp(range.start)}-${formatIp(range.end)}`;
}

export function formatRangeSet(set: RangeSet): string {
  return set.map(formatRange).join(",");
}

export function familyOf(set: RangeSet): IpFamily | undefined {
  return set[0]?.start.family;
}
