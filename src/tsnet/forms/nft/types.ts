import { formatIpv4, formatIpv6 } from "../../../ip/index.ts";

/** Types of values as `nft` numbers them (enum datatypes of its datatype.h; the kernel keeps them unread). */
export interface DataType {
  readonly id: number;
  readonly name: string;
  /** Bytes; 0 depends on where it is used. */
  readonly size: number;
  /** In the order of the network; else in the host's. */
  readonly network: boolean;
  /** Flags that are listed one by one. */
  readonly bitmask?: boolean;
  /** Ranges that are prefixes are written as such. */
  readonly prefix?: boolean;
  readonly symbols?: Readonly<Record<number, string>>;
  /** Instead of a symbol or a number. */
  readonly show?: (bytes: Uint8Array, context: ShowContext) => unknown;
}

/** What values mean only in one namespace. */
export interface ShowContext {
  linkName(index: number): string;
}

/** Bytes as an unsigned number. */
export function toNumber(bytes: Uint8Array, network: boolean): bigint {
  if (bytes.length <= 4) return BigInt(smallNumber(bytes, network));
  let value = 0n;
  for (const byte of network ? bytes : bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  return value;
}

/** The same of up to four bytes, without the cost of a large number. */
function smallNumber(bytes: Uint8Array, network: boolean): number {
  let value = 0;
  for (let i = 0; i < bytes.length; i++) value = value * 256 + (bytes[network ? i : bytes.length - 1 - i] ?? 0);
  return value;
}

export function fromNumber(value: bigint, length: number, network: boolean): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return network ? bytes : bytes.toReversed();
}

/** A number that JSON can hold. */
export const jsonNumber = (value: bigint): number => Number(value);

const decoder = new TextDecoder();

const text = (bytes: Uint8Array): string => {
  const stop = bytes.indexOf(0);
  return decoder.decode(stop < 0 ? bytes : bytes.subarray(0, stop));
};

/** getprotobynumber(3) of a usual /etc/protocols. */
export const INET_PROTOCOLS: Readonly<Record<number, string>> = {
  1: "icmp",
  2: "igmp",
  4: "ipencap",
  6: "tcp",
  17: "udp",
  33: "dccp",
  41: "ipv6",
  43: "ipv6-route",
  44: "ipv6-frag",
  47: "gre",
  50: "esp",
  51: "ah",
  58: "ipv6-icmp",
  59: "ipv6-nonxt",
  60: "ipv6-opts",
  89: "ospf",
  103: "pim",
  108: "ipcomp",
  112: "vrrp",
  115: "l2tp",
  132: "sctp",
  136: "udplite",
};

const CODEPOINTS: Readonly<Record<number, string>> = {
  0: "cs0",
  8: "cs1",
  16: "cs2",
  24: "cs3",
  32: "cs4",
  40: "cs5",
  48: "cs6",
  56: "cs7",
  1: "lephb",
  10: "af11",
  12: "af12",
  14: "af13",
  18: "af21",
  20: "af22",
  22: "af23",
  26: "af31",
  28: "af32",
  30: "af33",
  34: "af41",
  36: "af42",
  38: "af43",
  44: "va",
  46: "ef",
};

const define = (
  id: number,
  name: string,
  size: number,
  order: "network" | "host",
  more: Omit<DataType, "id" | "name" | "size" | "network"> = {},
): DataType => ({ id, name, size, network: order === "network", ...more });

export const T = {
  verdict: define(1, "verdict", 4, "host"),
  nfproto: define(2, "nf_proto", 1, "host", { symbols: { 2: "ipv4", 10: "ipv6" } }),
  integer: define(4, "integer", 0, "network"),
  hostInteger: define(4, "integer", 0, "host"),
  string: define(5, "string", 0, "host", { show: text }),
  llAddr: define(6, "ll_addr", 0, "network", { show: (b) => Array.from(b, hex2).join(":") }),
  ipv4: define(7, "ipv4_addr", 4, "network", { prefix: true, show: formatIpv4 }),
  ipv6: define(8, "ipv6_addr", 16, "network", { prefix: true, show: formatIpv6 }),
  ether: define(9, "ether_addr", 6, "network", { show: (b) => Array.from(b, hex2).join(":") }),
  etherType: define(10, "ether_type", 2, "network", {
    symbols: { 2048: "ip", 2054: "arp", 34525: "ip6", 33024: "8021q", 34984: "8021ad" },
    show: (b) => ETHER_TYPES[Number(toNumber(b, true))] ?? `0x${toNumber(b, true).toString(16).padStart(4, "0")}`,
  }),
  arpOp: define(11, "arp_op", 2, "network", {
    symbols: { 1: "request", 2: "reply", 3: "rrequest", 4: "rreply", 8: "inrequest", 9: "inreply", 10: "nak" },
  }),
  inetProto: define(12, "inet_proto", 1, "network", { symbols: INET_PROTOCOLS }),
  inetService: define(13, "inet_service", 2, "network"),
  icmpType: define(14, "icmp_type", 1, "network", {
    symbols: {
      0: "echo-reply",
      3: "destination-unreachable",
      4: "source-quench",
      5: "redirect",
      8: "echo-request",
      9: "router-advertisement",
      10: "router-solicitation",
      11: "time-exceeded",
      12: "parameter-problem",
      13: "timestamp-request",
      14: "timestamp-reply",
      15: "info-request",
      16: "info-reply",
      17: "address-mask-request",
      18: "address-mask-reply",
    },
  }),
  tcpFlag: define(15, "tcp_flag", 1, "network", {
    bitmask: true,
    symbols: { 1: "fin", 2: "syn", 4: "rst", 8: "psh", 16: "ack", 32: "urg", 64: "ecn", 128: "cwr" },
  }),
  time: define(18, "time", 8, "host"),
  mark: define(19, "mark", 4, "host"),
  ifIndex: define(20, "iface_index", 4, "host", {
    show: (b, { linkName }) => (toNumber(b, false) === 0n ? 0 : linkName(Number(toNumber(b, false)))),
  }),
  ifType: define(21, "iface_type", 2, "host", { symbols: { 1: "ether", 512: "ppp", 768: "ipip", 772: "loopback" } }),
  realm: define(22, "realm", 4, "host", { show: (b) => String(toNumber(b, false)) }),
  classId: define(23, "classid", 4, "host", { show: showClassId }),
  uid: define(24, "uid", 4, "host"),
  gid: define(25, "gid", 4, "host"),
  ctState: define(26, "ct_state", 4, "host", {
    bitmask: true,
    symbols: { 1: "invalid", 2: "established", 4: "related", 8: "new", 64: "untracked" },
  }),
  ctDir: define(27, "ct_dir", 1, "host", { symbols: { 0: "original", 1: "reply" } }),
  ctStatus: define(28, "ct_status", 4, "host", {
    bitmask: true,
    symbols: { 1: "expected", 2: "seen-reply", 4: "assured", 8: "confirmed", 16: "snat", 32: "dnat", 512: "dying" },
  }),
  icmpv6Type: define(29, "icmpv6_type", 1, "network", {
    symbols: {
      1: "destination-unreachable",
      2: "packet-too-big",
      3: "time-exceeded",
      4: "parameter-problem",
      128: "echo-request",
      129: "echo-reply",
      130: "mld-listener-query",
      131: "mld-listener-report",
      132: "mld-listener-done",
      133: "nd-router-solicit",
      134: "nd-router-advert",
      135: "nd-neighbor-solicit",
      136: "nd-neighbor-advert",
      137: "nd-redirect",
      138: "router-renumbering",
      141: "ind-neighbor-solicit",
      142: "ind-neighbor-advert",
      143: "mld2-listener-report",
    },
  }),
  pktType: define(31, "pkt_type", 1, "host", { symbols: { 0: "host", 1: "broadcast", 2: "multicast", 3: "other" } }),
  icmpCode: define(32, "icmp_code", 1, "network", {
    symbols: {
      0: "net-unreachable",
      1: "host-unreachable",
      2: "prot-unreachable",
      3: "port-unreachable",
      9: "net-prohibited",
      10: "host-prohibited",
      13: "admin-prohibited",
    },
  }),
  icmpv6Code: define(33, "icmpv6_code", 1, "network", {
    symbols: {
      0: "no-route",
      1: "admin-prohibited",
      3: "addr-unreachable",
      4: "port-unreachable",
      5: "policy-fail",
      6: "reject-route",
    },
  }),
  icmpxCode: define(34, "icmpx_code", 1, "network", {
    symbols: { 0: "no-route", 1: "port-unreachable", 2: "host-unreachable", 3: "admin-prohibited" },
  }),
  devGroup: define(35, "devgroup", 4, "host", { symbols: { 0: "default" } }),
  dscp: define(36, "dscp", 1, "network", { symbols: CODEPOINTS }),
  ecn: define(37, "ecn", 1, "network", { symbols: { 0: "not-ect", 1: "ect1", 2: "ect0", 3: "ce" } }),
  fibAddr: define(38, "fib_addrtype", 4, "host", {
    symbols: {
      0: "unspec",
      1: "unicast",
      2: "local",
      3: "broadcast",
      4: "anycast",
      5: "multicast",
      6: "blackhole",
      7: "unreachable",
      8: "prohibit",
    },
  }),
  boolean: define(39, "boolean", 1, "host", { show: (b) => toNumber(b, false) !== 0n }),
  ifName: define(41, "ifname", 16, "host", { show: showIfName }),
  date: define(43, "time", 8, "host", { show: showDate }),
  day: define(45, "day", 1, "host", {
    symbols: { 0: "Sunday", 1: "Monday", 2: "Tuesday", 3: "Wednesday", 4: "Thursday", 5: "Friday", 6: "Saturday" },
  }),
  cgroup: define(46, "cgroupsv2", 8, "host"),
} as const satisfies Record<string, DataType>;

/** Nanoseconds since the epoch as local time. */
function showDate(bytes: Uint8Array): string {
  const time = new Date(Number(toNumber(bytes, false) / 1_000_000n));
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

const ETHER_TYPES: Readonly<Record<number, string>> = {
  2048: "ip",
  2054: "arp",
  34525: "ip6",
  33024: "8021q",
  34984: "8021ad",
};

const hex2 = (byte: number): string => byte.toString(16).padStart(2, "0");

/** Without a NUL at its end it stands for all names that begin so. */
function showIfName(bytes: Uint8Array): string {
  return bytes.indexOf(0) < 0 && bytes.length < 16 ? `${decoder.decode(bytes)}*` : text(bytes);
}

/** `1:2`, hexadecimal; the numbers with a meaning of their own by name. */
function showClassId(bytes: Uint8Array): string {
  const value = Number(toNumber(bytes, false));
  if (value === 0xffff_ffff) return "root";
  if (value === 0) return "none";
  return `${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
}

const BY_ID = new Map<number, DataType>(Object.values(T).map((type): [number, DataType] => [type.id, type]));

const BITS = 6;

/** The types of a set's key or data, `ipv4_addr . inet_service` as its numbers, six bits each. */
export function typesOf(keyType: number): DataType[] {
  const types: DataType[] = [];
  for (let rest = keyType; rest > 0; rest = Math.floor(rest / 2 ** BITS)) {
    const id = rest % 2 ** BITS;
    types.unshift(BY_ID.get(id) ?? define(id, `type_${id}`, 0, "network"));
  }
  return types;
}

/** One value as `nft -j` has it: a symbol, a number, text, or a list of flags. */
export function showValue(type: DataType, bytes: Uint8Array, context: ShowContext, network = type.network): unknown {
  if (type.show) return type.show(bytes, context);
  if (bytes.length <= 4 && !type.bitmask) {
    const small = smallNumber(bytes, network);
    return type.symbols?.[small] ?? small;
  }
  const value = toNumber(bytes, network);
  if (type.bitmask) return showFlags(type, value);
  return type.symbols?.[Number(value)] ?? jsonNumber(value);
}

function showFlags(type: DataType, value: bigint): unknown {
  const names: unknown[] = [];
  let rest = value;
  for (const [bit, name] of Object.entries(type.symbols ?? {}))
    if ((rest & BigInt(bit)) !== 0n) {
      names.push(name);
      rest &= ~BigInt(bit);
    }
  if (rest !== 0n || names.length === 0) names.push(jsonNumber(rest));
  return names.length === 1 ? names[0] : names;
}
