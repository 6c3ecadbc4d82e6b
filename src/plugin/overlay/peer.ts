import { type Fields, fields, wrongKey } from "../../cni/keys.ts";
import type { JsonObject } from "../../cni/types.ts";
import {
  type Cidr,
  cidrContains,
  cidrProblem,
  formatCidr,
  formatIp,
  type Ip,
  networkCidr,
  parseCidr,
  parseIp,
} from "../../ip/index.ts";
import { parseMac } from "../mac.ts";
import { LINK_LOCAL, RESERVED } from "../reserved.ts";

/** Another host of the overlay, as a config or a peer file tells of it. */
export interface Peer {
  /** Of its VTEP, in the underlay. */
  readonly address: Ip;
  /** What lies behind it, host bits cleared; the first of each family names its VTEP inside. */
  readonly subnets: readonly Cidr[];
  /** Absent: the rule's (`vtepMac`). */
  readonly mac: string | undefined;
  /** The largest packet its containers take, in bytes; absent: as large as ours. */
  readonly mtu: number | undefined;
  /** Where it is told: `peers[3]`, or the path of a file. */
  readonly from: string;
}

/** What cannot be used, and why: a line for people. */
export interface PeerProblem {
  readonly from: string;
  readonly message: string;
}

/** More than that is no host's share. */
const MAX_SUBNETS = 64;
/** `IP_MAX_MTU` of the kernel. */
export const MAX_MTU = 65_535;
/** Of a text that is none of ours. */
const MAX_SHOWN = 60;

/** Addresses no packet to another host may have, each with what it is. */
const UNUSABLE = [...RESERVED, ...LINK_LOCAL];

/** Why a host cannot have this address; `undefined` when it can. */
export function addressProblem(ip: Ip): string | undefined {
  const found = UNUSABLE.find(([range]) => cidrContains(range, ip));
  return found && `${formatIp(ip)} is ${found[1]}`;
}

/** An entry of `peers`, or the object of a peer file. CniError 7 names the key. */
export function parsePeer(entry: Fields, from: string): Peer {
  const text = entry.string("address") ?? "";
  const address = parseIp(text);
  if (address === undefined) throw entry.wrong("address", "the IP address of the host in the underlay");
  const unusable = addressProblem(address);
  if (unusable !== undefined) throw entry.wrong("address", `an address another host can have (${unusable})`);
  const macText = entry.string("mac") ?? "";
  const mac = macText === "" ? undefined : parseMac(macText);
  if (macText !== "" && mac === undefined)
    throw entry.wrong("mac", "the unicast MAC address of the host's VTEP such as 02:00:00:00:00:01");
  const subnets = parseSubnets(entry);
  if (subnets.length === 0) throw entry.wrong("subnets", "at least one subnet, such as 10.244.2.0/24");
  const mtu = entry.int("mtu", { min: leastMtu(subnets), max: MAX_MTU });
  return { address, subnets, mac, mtu, from };
}

/** `ETH_MIN_MTU`, linux/if_ether.h; RFC 8200, section 5. */
export const leastMtu = (subnets: readonly Cidr[]): number => (subnets.some(({ ip }) => ip.family === 6) ? 1280 : 68);

/** A document of somebody else's hand. */
export const parsePeerObject = (raw: JsonObject, from: string): Peer => parsePeer(fields(raw), from);

/** The key `subnets`; none when it is absent. Host bits are cleared. */
export function parseSubnets(owner: Fields, lenient = false): Cidr[] {
  const texts = owner.strings("subnets") ?? [];
  if (texts.length > MAX_SUBNETS && !lenient) throw owner.wrong("subnets", `at most ${MAX_SUBNETS} subnets`);
  const subnets: Cidr[] = [];
  for (const [i, text] of texts.slice(0, MAX_SUBNETS).entries()) {
    const subnet = parseCidr(text);
    // Who has part of it could not be told otherwise.
    const earlier = subnet && subnets.find((other) => overlap(other, subnet));
    const problem = !subnet
      ? cidrProblem(text)
      : (subnetProblem(subnet) ?? (earlier && `it overlaps ${formatCidr(earlier)} of the same host`));
    if (subnet && problem === undefined) subnets.push(networkCidr(subnet));
    else if (!lenient)
      throw wrongKey(
        `${owner.pathOf("subnets")}[${i}]`,
        `a prefix that containers can have addresses of (${problem})`,
        text.slice(0, MAX_SHOWN),
      );
  }
  return subnets;
}

/** Why containers cannot have addresses of this prefix; `undefined` when they can. */
export function subnetProblem(subnet: Cidr): string | undefined {
  if (subnet.prefixLen === 0) return "that is every address there is";
  const range = networkCidr(subnet);
  const found = UNUSABLE.find(([other]) => overlap(range, other));
  return found && `${formatCidr(range)} has ${found[1]} addresses`;
}

/** Whether two prefixes have an address in common. */
export const overlap = (a: Cidr, b: Cidr): boolean =>
  a.ip.family === b.ip.family && (a.prefixLen <= b.prefixLen ? cidrContains(a, b.ip) : cidrContains(b, a.ip));
