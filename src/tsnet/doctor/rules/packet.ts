import { type Ip, ipToBytes } from "../../../ip/index.ts";

export interface Port {
  readonly index: number;
  readonly name: string;
}

/** A packet as rules see it. Rules change it: marks, the destination of a new connection. */
export interface Packet {
  readonly family: 4 | 6;
  readonly protocol: 6 | 17;
  readonly src: Ip;
  dst: Ip;
  readonly sport: number;
  dport: number;
  readonly originalDport: number;
  iif: Port | undefined;
  oif: Port | undefined;
  /** The first of its connection, or a later one in the other direction. */
  readonly state: "new" | "established";
  /** `undefined`: cannot be told any more. */
  mark: number | undefined;
  ctMark: number | undefined;
  dnat: boolean;
  masqueraded: boolean;
  /** The rule that translated it last, in words. */
  translatedAt: string | undefined;
}

type Given = Pick<Packet, "family" | "protocol" | "src" | "dst" | "sport" | "dport" | "state"> &
  Partial<Pick<Packet, "iif" | "oif" | "dnat" | "masqueraded">>;

export const packet = (given: Given): Packet => ({
  originalDport: given.dport,
  iif: undefined,
  oif: undefined,
  mark: 0,
  ctMark: given.state === "new" ? 0 : undefined,
  dnat: false,
  masqueraded: false,
  translatedAt: undefined,
  ...given,
});

/** Bytes of the headers; `undefined` for those that are not decided by what is known of the packet. */
export function headerBytes(
  p: Packet,
  base: string | number | undefined,
  offset: number,
  length: number,
): Uint8Array | undefined {
  const known = base === "network" ? networkHeader(p) : base === "transport" ? transportHeader(p) : [];
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const byte = known[offset + i];
    if (byte === undefined) return undefined;
    out[i] = byte;
  }
  return out;
}

type Bytes = (number | undefined)[];

/** RFC 791 and RFC 8200, without options: no service class, not fragmented, time to live 64. */
function networkHeader(p: Packet): Bytes {
  const [src, dst] = [[...ipToBytes(p.src)], [...ipToBytes(p.dst)]];
  return p.family === 4
    ? [
        0x45,
        0,
        undefined,
        undefined,
        undefined,
        undefined,
        0x40,
        0,
        64,
        p.protocol,
        undefined,
        undefined,
        ...src,
        ...dst,
      ]
    : [0x60, 0, 0, 0, undefined, undefined, p.protocol, 64, ...src, ...dst];
}

/** Ports, and the flags of TCP: SYN on the first packet, SYN and ACK on the answer. */
function transportHeader({ protocol, sport, dport, state }: Packet): Bytes {
  const bytes: Bytes = [sport >> 8, sport & 255, dport >> 8, dport & 255];
  if (protocol === 6) bytes[13] = state === "new" ? 0x02 : 0x12;
  return bytes;
}
