/**
 * IP addresses and prefixes as numbers. Text forms are those Go's `net` package prints, since leases on disk and CNI
 * results are compared with the reference plugins' byte for byte: dotted quads for IPv4, RFC 5952 for IPv6, and an
 * IPv4-mapped IPv6 address counts as IPv4.
 */

export type IpFamily = 4 | 6;

export interface Ip {
  readonly family: IpFamily;
  /** 0 … 2^32−1 or 0 … 2^128−1. */
  readonly value: bigint;
}

/** An address with a prefix length; host bits may be set. */
export interface Cidr {
  readonly ip: Ip;
  readonly prefixLen: number;
}

/** Address length in bits: 32 or 128. */
export function ipBits(family: IpFamily): number {
  return family === 4 ? 32 : 128;
}

const MAPPED_PREFIX = 0xffffn;

/** `undefined` when the text is no address: leading zeros in a dotted quad and zones (`%eth0`) are refused, as by Go. */
export function parseIp(text: string): Ip | undefined {
  if (!text.includes(":")) {
    const value = parseQuad(text);
    return value === undefined ? undefined : { family: 4, value: BigInt(value) };
  }
  const value = parseIpv6(text);
  if (value === undefined) return undefined;
  return value >> 32n === MAPPED_PREFIX ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value };
}

function parseQuad(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    const octet = decimal(part);
    if (octet === undefined || octet > 255) return undefined;
    value = value * 256 + octet;
  }
  return value;
}

/** One to three digits without a leading zero. By hand: the first use of a regular expression costs a plugin 30 µs. */
function decimal(text: string): number | undefined {
  if (text.length < 1 || text.length > 3 || (text.length > 1 && text.charCodeAt(0) === 0x30)) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? joinGroups(head) : undefined;
  const tail = parseGroups(halves[1] ?? "", true);
  if (tail === undefined || head.length + tail.length > 7) return undefined;
  return joinGroups([...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]);
}

/** 16-bit groups between single colons; `quadAllowed`: the last one may be a dotted quad, which gives two. */
function parseGroups(text: string, quadAllowed: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const quad = quadAllowed && i === parts.length - 1 ? parseQuad(part) : undefined;
    if (quad === undefined) return undefined;
    groups.push(quad >>> 16, quad & 0xffff);
  }
  return groups;
}

function joinGroups(groups: readonly number[]): bigint {
  let value = 0n;
  for (const group of groups) value = (value << 16n) | BigInt(group);
  return value;
}

/** Canonical text: `10.1.0.5`, `fd00::1` (RFC 5952: lower case, the first longest run of two or more zero groups cut). */
export function formatIp(ip: Ip): string {
  if (ip.family === 4) {
    const value = Number(ip.value);
    return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
  }
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((ip.value >> shift) & 0xffffn));
  let cutAt = -1;
  let cutLength = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > cutLength) {
      cutAt = i;
      cutLength = end - i;
    }
    if (end > i) i = end;
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  return cutAt < 0 ? hex(groups) : `${hex(groups.slice(0, cutAt))}::${hex(groups.slice(cutAt + cutLength))}`;
}

/** `address/length`; `undefined` when either part is wrong. Host bits are kept. IPv4-mapped addresses are refused. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = text.slice(0, slash);
  const prefixLen = decimal(text.slice(slash + 1));
  const ip = parseIp(address);
  if (ip === undefined || (ip.family === 4 && address.includes(":"))) return undefined;
  if (prefixLen === undefined || prefixLen > ipBits(ip.family)) return undefined;
  return { ip, prefixLen };
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

/** The address `steps` further; may leave the prefix, and wraps around at the ends of the address space. */
export function addToIp(ip: Ip, steps: bigint): Ip {
  return { family: ip.family, value: BigInt.asUintN(ipBits(ip.family), ip.value + steps) };
}

export function sameIp(a: Ip, b: Ip): boolean {
  return a.family === b.family && a.value === b.value;
}

/** Sort order: IPv4 before IPv6, then by value. */
export function compareIp(a: Ip, b: Ip): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/** Network byte order, 4 or 16 bytes. */
export function ipToBytes(ip: Ip): Uint8Array {
  const bytes = new Uint8Array(ip.family === 4 ? 4 : 16);
  let rest = ip.value;
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** From 4 or 16 bytes in network order; `undefined` for another length. */
export function ipFromBytes(bytes: Uint8Array): Ip | undefined {
  if (bytes.length !== 4 && bytes.length !== 16) return undefined;
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return { family: bytes.length === 4 ? 4 : 6, value };
}
