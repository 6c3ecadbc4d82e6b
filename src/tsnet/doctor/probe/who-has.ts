import { type Ip, ipToBytes } from "../../../ip/index.ts";

/** Frames that ask who has an address without claiming it, and what answers them look like. Pure. */
export interface WhoHas {
  /** ETH_P_* of linux/if_ether.h. */
  readonly protocol: number;
  readonly frame: Uint8Array;
  /** The MAC of whoever says in this frame that the address is its own. */
  holderIn(frame: Uint8Array): string | undefined;
}

const ETH_P = { ARP: 0x0806, IPV6: 0x86dd } as const;
const ETHERNET = 14;

/** ARP probe (RFC 5227, section 2.1.1), or the neighbour solicitation of duplicate-address detection (RFC 4862, section 5.4.2). */
export const whoHas = (ip: Ip, mac: string): WhoHas => (ip.family === 4 ? arpProbe(ip, mac) : solicitation(ip, mac));

const macBytes = (mac: string): number[] => mac.split(":").map((part) => Number.parseInt(part, 16));
const macText = (bytes: Uint8Array): string => bytes.toHex().replaceAll(/(..)(?=.)/g, "$1:");
const be16 = (n: number): [number, number] => [n >> 8, n & 255];

const isAt = (frame: Uint8Array, at: number, bytes: ArrayLike<number>): boolean => {
  for (let i = 0; i < bytes.length; i++) if (frame[at + i] !== bytes[i]) return false;
  return frame.length >= at + bytes.length;
};

/** RFC 826: Ethernet and IPv4, lengths 6 and 4. */
const ARP_HEAD = [0, 1, 0x08, 0x00, 6, 4];

function arpProbe(ip: Ip, mac: string): WhoHas {
  const [own, target] = [macBytes(mac), ipToBytes(ip)];
  return {
    protocol: ETH_P.ARP,
    frame: Uint8Array.from([
      ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...own, ...be16(ETH_P.ARP)],
      // A request, of nobody's address.
      ...[...ARP_HEAD, ...be16(1), ...own, 0, 0, 0, 0],
      ...[0, 0, 0, 0, 0, 0, ...target],
    ]),
    // Whatever it is about, its sender says that the address is its own (RFC 5227, section 2.4).
    holderIn: (frame) =>
      isAt(frame, ETHERNET, ARP_HEAD) && isAt(frame, ETHERNET + 14, target)
        ? macText(frame.subarray(ETHERNET + 8, ETHERNET + 14))
        : undefined,
  };
}

const ICMPV6 = 58;
const V6_HEADER = 40;
const NEIGHBOUR = { SOLICITATION: 135, ADVERTISEMENT: 136 } as const;

/** RFC 4861, sections 4.3 and 4.4; hop limit 255, or it counts for nothing. */
function solicitation(ip: Ip, mac: string): WhoHas {
  const target = [...ipToBytes(ip)];
  const group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...target.slice(13)];
  const unspecified = Array<number>(16).fill(0);
  const message = [NEIGHBOUR.SOLICITATION, 0, 0, 0, 0, 0, 0, 0, ...target];
  const sum = checksum([...unspecified, ...group, 0, 0, ...be16(message.length), 0, 0, 0, ICMPV6, ...message]);
  [message[2], message[3]] = be16(sum);
  const at = ETHERNET + V6_HEADER;
  return {
    protocol: ETH_P.IPV6,
    frame: Uint8Array.from([
      ...[0x33, 0x33, ...group.slice(12), ...macBytes(mac), ...be16(ETH_P.IPV6)],
      ...[0x60, 0, 0, 0, ...be16(message.length), ICMPV6, 255, ...unspecified, ...group],
      ...message,
    ]),
    holderIn: (frame) =>
      frame[ETHERNET + 6] === ICMPV6 &&
      frame[ETHERNET + 7] === 255 &&
      frame[at] === NEIGHBOUR.ADVERTISEMENT &&
      isAt(frame, at + 8, target)
        ? macText(frame.subarray(6, 12))
        : undefined,
  };
}

/** RFC 1071, over an even number of bytes. */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}
