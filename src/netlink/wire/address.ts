import { formatIpv4, formatIpv6, parseIpBytes, parseIpv4, parseIpv6 } from "../../ip/text.ts";
import { type Codec, DecodeError, EncodeError, need } from "./codec.ts";

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
    const b = parseIpBytes(value);
    if (!b) throw new EncodeError(`"${value}" is no IP address`);
    sink.put(b);
  },
};

const HEX = "0123456789abcdef";

/** A hardware address as colon-separated hex. Ethernet has 6 bytes; other lengths (tunnels: 4 or 16) are kept. */
export const mac: Codec<string> = {
  size: undefined,
  shape: { kind: "mac" },
  read(src, start, end) {
    let text = "";
    for (let at = start; at < end; at++) {
      const byte = src.bytes[at] ?? 0;
      text += `${at === start ? "" : ":"}${HEX.charAt(byte >> 4)}${HEX.charAt(byte & 15)}`;
    }
    return text;
  },
  write(sink, value) {
    if (value === "") return;
    const parts = value.split(":");
    if (!parts.every((p) => /^[0-9a-fA-F]{2}$/.test(p)))
      throw new EncodeError(`"${value}" is no hardware address (form: 02:00:00:00:00:01)`);
    sink.put(Uint8Array.from(parts, (p) => Number.parseInt(p, 16)));
  },
};
