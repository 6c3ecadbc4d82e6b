import { formatIpv6LikeGo, formatQuad, isIpv4Mapped, parseIpv6, parseQuad } from "./text.ts";

/**
 * Addresses as numbers, to count with. Text forms are those Go's `net` package prints, since leases on disk and CNI results
 * are compared with the reference plugins' byte for byte: an IPv4-mapped IPv6 address counts as IPv4.
 */

export type IpFamily = 4 | 6;

export interface Ip {
  readonly family: IpFamily;
  /** 0 … 2^32−1 or 0 … 2^128−1. */
  readonly value: bigint;
}

/** Address length in bits: 32 or 128. */
export function ipBits(family: IpFamily): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** `undefined` when the text is no address: leading zeros in a dotted quad and zones (`%eth0`) are refused, as by Go. */
export function parseIp(text: string): Ip | undefined {
  if (!text.includes(":")) {
    const value = parseQuad(text, 0);
    return value === undefined ? undefined : { family: 4, value: BigInt(value) };
  }
  const bytes = parseIpv6(text);
  return bytes && ipFromBytes(isIpv4Mapped(bytes) ? bytes.subarray(12) : bytes);
}

/** Canonical text: `10.1.0.5`, `fd00::1` (RFC 5952). */
export function formatIp(ip: Ip): string {
  return ip.family === 4 ? formatQuad(Number(ip.value)) : formatIpv6LikeGo(ipToBytes(ip));
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
  if (ip.family === 4) {
    const n = Number(ip.value);
    return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n); // of each its low 8 bits
  }
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, ip.value >> 64n);
  view.setBigUint64(8, ip.value); // its low 64 bits
  return new Uint8Array(view.buffer);
}

/** From 4 or 16 bytes in network order, which tell the family; `undefined` for another length. */
export function ipFromBytes(bytes: Uint8Array): Ip | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 4) return { family: 4, value: BigInt(view.getUint32(0)) };
  if (bytes.length !== 16) return undefined;
  return { family: 6, value: (view.getBigUint64(0) << 64n) | view.getBigUint64(8) };
}
