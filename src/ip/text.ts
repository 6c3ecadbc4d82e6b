/**
 * Addresses as bytes in network order, and their text. By hand and without bigint: netlink's codecs read and write
 * addresses here, and the first use of a regular expression costs a plugin 30 µs.
 */

/** Dotted quad to 4 bytes; `undefined` when it is none. Leading zeros are refused, as inet_pton(3) does. */
export function parseIpv4(text: string): Uint8Array | undefined {
  const value = parseQuad(text, 0);
  if (value === undefined) return undefined;
  const out = new Uint8Array(4);
  putQuad(out, 0, value);
  return out;
}

/** Any text form of RFC 4291 section 2.2 to 16 bytes; `undefined` when it is none. No zone. */
export function parseIpv6(text: string): Uint8Array | undefined {
  const out = new Uint8Array(16);
  let filled = 0; // bytes written; too many fall off the end, and are refused there
  let gap = text.startsWith("::") ? 0 : -1;
  let at = gap < 0 ? 0 : 2;
  while (at < text.length) {
    const end = endOfHex(text, at);
    if (text[end] === ".") {
      const quad = parseQuad(text, at);
      if (quad === undefined) return undefined;
      putQuad(out, filled, quad);
      filled += 4;
      break;
    }
    if (end === at || end - at > 4) return undefined;
    const group = Number.parseInt(text.slice(at, end), 16);
    out[filled++] = group >> 8;
    out[filled++] = group & 255;
    if (end === text.length) break;
    if (text[end] !== ":" || end + 1 === text.length) return undefined;
    at = end + 1;
    if (text[at] !== ":") continue;
    if (gap >= 0) return undefined;
    gap = filled;
    at++;
  }
  if (gap < 0) return filled === 16 ? out : undefined;
  if (filled > 14) return undefined; // "::" stands for one group at least
  const tail = 16 - (filled - gap);
  out.copyWithin(tail, gap, filled);
  out.fill(0, gap, tail);
  return out;
}

/** An address of either family: 4 or 16 bytes. An IPv4-mapped one stays IPv6. */
export function parseIpBytes(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

export const formatIpv4 = (b: Uint8Array): string => `${b[0]}.${b[1]}.${b[2]}.${b[3]}`;

/** Canonical form of RFC 5952; IPv4-mapped addresses keep their dotted tail (section 5): `::ffff:10.0.0.1`. */
export function formatIpv6(b: Uint8Array): string {
  if (isIpv4Mapped(b)) return `::ffff:${formatIpv4(b.subarray(12))}`;
  let cutAt = -1;
  let cutLength = 1;
  for (let i = 0; i < 8; ) {
    let end = i;
    while (end < 8 && b[2 * end] === 0 && b[2 * end + 1] === 0) end++;
    if (end - i > cutLength) {
      cutAt = i;
      cutLength = end - i;
    }
    i = end + 1;
  }
  return cutAt < 0 ? hexGroups(b, 0, 8) : `${hexGroups(b, 0, cutAt)}::${hexGroups(b, cutAt + cutLength, 8)}`;
}

/** As Go's `net.IP` prints 16 bytes: like `formatIpv6`, but an IPv4-mapped address as the IPv4 address: `10.0.0.1`. */
export function formatIpv6LikeGo(b: Uint8Array): string {
  return isIpv4Mapped(b) ? formatIpv4(b.subarray(12)) : formatIpv6(b);
}

/** `::ffff:0:0/96` (RFC 4291 section 2.5.5.2). */
export function isIpv4Mapped(b: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (b[i] !== 0) return false;
  return b[10] === 255 && b[11] === 255 && b.length === 16;
}

function hexGroups(b: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) {
    if (i > from) text += ":";
    text += (((b[2 * i] ?? 0) << 8) | (b[2 * i + 1] ?? 0)).toString(16);
  }
  return text;
}

/** Where the hexadecimal digits that begin at `at` end. */
function endOfHex(text: string, at: number): number {
  let end = at;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    const lower = code | 0x20;
    if (!((code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x66))) break;
  }
  return end;
}

/** The dotted quad that is the rest of a text, as a number. */
export function parseQuad(text: string, from: number): number | undefined {
  let value = 0;
  let start = from;
  for (let i = 0; i < 4; i++) {
    const end = i < 3 ? text.indexOf(".", start) : text.length;
    const octet = decimal(text, start, end);
    if (octet === undefined || octet > 255) return undefined;
    value = value * 256 + octet;
    start = end + 1;
  }
  return value;
}

export function formatQuad(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function putQuad(out: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) out[at + i] = value >>> (24 - 8 * i);
}

/** One to three digits without a leading zero, at `start` to `end` of a text: an octet, or a prefix length. */
export function decimal(text: string, start: number, end: number): number | undefined {
  const length = end - start;
  if (length < 1 || length > 3 || (length > 1 && text.charCodeAt(start) === 0x30)) return undefined;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
