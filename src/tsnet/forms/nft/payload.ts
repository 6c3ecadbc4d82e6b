import { type DataType, T } from "./types.ts";

/** A field of a header: where it is, counted in bits from the header's start. */
export interface Field {
  readonly protocol: string;
  readonly field: string;
  readonly offset: number;
  readonly bits: number;
  readonly type: DataType;
}

type Row = readonly [field: string, offset: number, bits: number, type: DataType];

/** What every transport protocol begins with. */
const PORTS: readonly Row[] = [
  ["sport", 0, 16, T.inetService],
  ["dport", 16, 16, T.inetService],
];

const icmp = (type: DataType, code: DataType): readonly Row[] => [
  ["type", 0, 8, type],
  ["code", 8, 8, code],
  ["checksum", 16, 16, T.integer],
  ["id", 32, 16, T.integer],
  ["sequence", 48, 16, T.integer],
];

const HEADERS: Readonly<Record<string, readonly Row[]>> = {
  ether: [
    ["daddr", 0, 48, T.ether],
    ["saddr", 48, 48, T.ether],
    ["type", 96, 16, T.etherType],
  ],
  // Behind the Ethernet header.
  vlan: [
    ["pcp", 112, 3, T.integer],
    ["dei", 115, 1, T.integer],
    ["id", 116, 12, T.integer],
    ["type", 128, 16, T.etherType],
  ],
  ip: [
    ["version", 0, 4, T.integer],
    ["hdrlength", 4, 4, T.integer],
    ["dscp", 8, 6, T.dscp],
    ["ecn", 14, 2, T.ecn],
    ["length", 16, 16, T.integer],
    ["id", 32, 16, T.integer],
    ["frag-off", 48, 16, T.integer],
    ["ttl", 64, 8, T.integer],
    ["protocol", 72, 8, T.inetProto],
    ["checksum", 80, 16, T.integer],
    ["saddr", 96, 32, T.ipv4],
    ["daddr", 128, 32, T.ipv4],
  ],
  ip6: [
    ["version", 0, 4, T.integer],
    ["dscp", 4, 6, T.dscp],
    ["ecn", 10, 2, T.ecn],
    ["flowlabel", 12, 20, T.integer],
    ["length", 32, 16, T.integer],
    ["nexthdr", 48, 8, T.inetProto],
    ["hoplimit", 56, 8, T.integer],
    ["saddr", 64, 128, T.ipv6],
    ["daddr", 192, 128, T.ipv6],
  ],
  arp: [
    ["htype", 0, 16, T.integer],
    ["ptype", 16, 16, T.etherType],
    ["hlen", 32, 8, T.integer],
    ["plen", 40, 8, T.integer],
    ["operation", 48, 16, T.arpOp],
    ["saddr ether", 64, 48, T.ether],
    ["saddr ip", 112, 32, T.ipv4],
    ["daddr ether", 144, 48, T.ether],
    ["daddr ip", 192, 32, T.ipv4],
  ],
  icmp: icmp(T.icmpType, T.icmpCode),
  icmpv6: icmp(T.icmpv6Type, T.icmpv6Code),
  tcp: [
    ...PORTS,
    ["sequence", 32, 32, T.integer],
    ["ackseq", 64, 32, T.integer],
    ["doff", 96, 4, T.integer],
    ["reserved", 100, 4, T.integer],
    ["flags", 104, 8, T.tcpFlag],
    ["window", 112, 16, T.integer],
    ["checksum", 128, 16, T.integer],
    ["urgptr", 144, 16, T.integer],
  ],
  udp: [...PORTS, ["length", 32, 16, T.integer], ["checksum", 48, 16, T.integer]],
  udplite: PORTS,
  sctp: [...PORTS, ["vtag", 32, 32, T.integer]],
  dccp: PORTS,
  th: PORTS,
};

/** Protocols above IP by the name of `meta l4proto`, as `nft` names their headers. */
export const TRANSPORT: Readonly<Record<number, string>> = {
  1: "icmp",
  6: "tcp",
  17: "udp",
  33: "dccp",
  58: "icmpv6",
  132: "sctp",
  136: "udplite",
};

/** The field that is exactly these bits of a header. */
export function fieldAt(protocol: string, offset: number, bits: number): Field | undefined {
  const row = HEADERS[protocol]?.find((each) => each[1] === offset && each[2] === bits);
  return row && { protocol, field: row[0], offset, bits, type: row[3] };
}

/** The field that begins there and is longer: matched by a prefix of it. */
export function fieldFrom(protocol: string, offset: number, bits: number): Field | undefined {
  const row = HEADERS[protocol]?.find((each) => each[1] === offset && each[2] > bits && each[3].prefix === true);
  return row && { protocol, field: row[0], offset, bits: row[2], type: row[3] };
}

/** Fields that stand side by side and fill these bits; `nft` loads neighbours in one go. */
export function fieldsFilling(protocol: string, offset: number, bits: number): Field[] | undefined {
  const found: Field[] = [];
  let at = offset;
  while (at < offset + bits) {
    const row = HEADERS[protocol]?.find((each) => each[1] === at && each[2] % 8 === 0);
    if (!row || at + row[2] > offset + bits) return undefined;
    found.push({ protocol, field: row[0], offset: at, bits: row[2], type: row[3] });
    at += row[2];
  }
  return found;
}
