import { type Codec, DecodeError, EncodeError, need } from "./codec.ts";

/** Dotted quad to 4 bytes; `undefined` when it is none. Leading zeros are refused, as inet_pton(3) does. */
export function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const out = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i] ?? "";
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    out[i] = Number(part);
  }
  return out;
}

/** Any text form of RFC 4291 section 2.2 to 16 bytes; `undefined` when it is none. No zone. */
export function parseIpv6(text: string): Uint8Array | undefined {
  const out = new Uint8Array(16);
  let head = text;
  let tail: Uint8Array | undefined;
  const lastColon = text.lastIndexOf(":");
  if (lastColon >= 0 && text.includes(".", lastColon)) {
    tail = parseIpv4(text.slice(lastColon + 1));
    if (!tail) return undefined;
    head = `${text.slice(0, lastColon)}:0:0`;
  }
  const halves = head.split("::");
  if (halves.length > 2) return undefined;
  const groups = (s: string | undefined): string[] => (s === undefined || s === "" ? [] : s.split(":"));
  const left = groups(halves[0]);
  const right = groups(halves[1]);
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...left, ...new Array<string>(Math.max(missing, 0)).fill("0"), ...right];
  for (let i = 0; i < 8; i++) {
    const group = all[i] ?? "";
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    const n = Number.parseInt(group, 16);
    out[2 * i] = n >> 8;
    out[2 * i + 1] = n & 255;
  }
  if (tail) out.set(tail, 12);
  return out;
}

export const formatIpv4 = (b: Uint8Array): string => `${b[0]}.${b[1]}.${b[2]}.${b[3]}`;

/** Canonical form of RFC 5952; IPv4-mapped addresses keep their dotted tail (section 5). */
export function formatIpv6(b: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((b[i] ?? 0) << 8) | (b[i + 1] ?? 0));
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) return `::ffff:${formatIpv4(b.subarray(12))}`;
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; ) {
    let j = i;
    while (j < 8 && groups[j] === 0) j++;
    if (j - i > bestLength) {
      best = i;
      bestLength = j - i;
    }
    i = j + 1;
  }
  const hex = groups.map((g) => g.toString(16));
  if (best < 0) return hex.join(":");
  return `${hex.slice(0, best).join(":")}::${hex.slice(best + bestLength).join(":")}`;
}

export const ipv4: Codec<string> = {
  size: 4,
  shape: { kind: "ipv4" },
  read(src, start, end) {
    need(start, end, 4);
    return formatIpv4(src.bytes.subarray(start, start + 4));
  },
  write(sink, value) {
    const b = parseIpv4(value);
    if (!b) throw new EncodeError(`"${value}" is no IPv4 address`);
    sink.put(b);
  },
};

export const ipv6: Codec<string> = {
  size: 16,
  shape: { kind: "ipv6" },
  read(src, start, end) {
    need(start, end, 16);
    return formatIpv6(src.bytes.subarray(start, start + 16));
  },
  write(sink, value) {
    const b = parseIpv6(value);
    if (!b) throw new EncodeError(`"${value}" is no IPv6 address`);
    sink.put(b);
  },
};

/** An address of either family, told apart by its length: 4 or 16 bytes. */
export const ip: Codec<string> = {
  size: undefined,
  shape: { kind: "ip" },
  read(src, start, end) {
    if (end - start === 4) return formatIpv4(src.bytes.subarray(start, end));
    if (end - start === 16) return formatIpv6(src.bytes.subarray(start, end));
    throw new DecodeError(`an address has 4 or 16 bytes, not ${end - start}`);
  },
  write(sink, value) {
    const b = parseIpv4(value) ?? parseIpv6(value);
    if (!b) throw new EncodeError(`"${value}" is no IP address`);
    sink.put(b);
  },
};

/** A hardware address as colon-separated hex. Ethernet has 6 bytes; other lengths (tunnels: 4 or 16) are kept. */
export const mac: Codec<string> = {
  size: undefined,
  shape: { kind: "mac" },
  read: (src, start, end) =>
    Array.from(src.bytes.subarray(start, end), (b) => b.toString(16).padStart(2, "0")).join(":"),
  write(sink, value) {
    if (value === "") return;
    const parts = value.split(":");
    if (!parts.every((p) => /^[0-9a-fA-F]{2}$/.test(p)))
      throw new EncodeError(`"${value}" is no hardware address (form: 02:00:00:00:00:01)`);
    sink.put(Uint8Array.from(parts, (p) => Number.parseInt(p, 16)));
  },
};
