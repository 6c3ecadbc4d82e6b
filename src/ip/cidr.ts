import { formatIp, type Ip, ipBits, parseIp } from "./ip.ts";
import { decimal } from "./text.ts";

/** An address with a prefix length; host bits may be set. */
export interface Cidr {
  readonly ip: Ip;
  readonly prefixLen: number;
}

/** `address/length`; `undefined` when either part is wrong. Host bits are kept. IPv4-mapped addresses are refused. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = text.slice(0, slash);
  const ip = parseIp(address);
  if (ip === undefined || (ip.family === 4 && address.includes(":"))) return undefined;
  const prefixLen = parsePrefixLen(text.slice(slash + 1), ipBits(ip.family));
  return prefixLen === undefined ? undefined : { ip, prefixLen };
}

/** A prefix length of an address with `bits` bits; `undefined` for a longer one and what is no plain number. */
export function parsePrefixLen(text: string, bits: 32 | 128): number | undefined {
  const length = decimal(text, 0, text.length);
  return length === undefined || length > bits ? undefined : length;
}

/** Why `parseCidr` refuses a text, as the end of a sentence: `prefix length is 0..32`. */
export function cidrProblem(text: string): string {
  const slash = text.indexOf("/");
  if (slash < 0) return "no prefix length, expected ADDRESS/LENGTH";
  const ip = parseIp(text.slice(0, slash));
  if (ip === undefined) return `${JSON.stringify(text.slice(0, slash))} is no IP address`;
  if (ip.family === 4 && text.includes(":")) return "an IPv4-mapped IPv6 address, write it as IPv4";
  return `prefix length is 0..${ipBits(ip.family)}`;
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIp(cidr.ip)}/${cidr.prefixLen}`;
}

function hostMask(cidr: Cidr): bigint {
  return (1n << BigInt(ipBits(cidr.ip.family) - cidr.prefixLen)) - 1n;
}

/** First address of the prefix: all host bits zero. */
export function networkIp(cidr: Cidr): Ip {
  return { family: cidr.ip.family, value: cidr.ip.value & ~hostMask(cidr) };
}

/** Last address of the prefix: all host bits one; for IPv4 the broadcast address. */
export function lastIp(cidr: Cidr): Ip {
  return { family: cidr.ip.family, value: cidr.ip.value | hostMask(cidr) };
}

/** The same prefix with its host bits cleared: `10.1.2.3/16` gives `10.1.0.0/16`. */
export function networkCidr(cidr: Cidr): Cidr {
  return { ip: networkIp(cidr), prefixLen: cidr.prefixLen };
}

export function cidrContains(cidr: Cidr, ip: Ip): boolean {
  return cidr.ip.family === ip.family && networkIp(cidr).value === (ip.value & ~hostMask(cidr));
}
