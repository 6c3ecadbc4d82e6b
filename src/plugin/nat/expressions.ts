import { type Cidr, ipBits, ipToBytes, networkIp } from "../../ip/index.ts";
import { type Expr, NFPROTO, NFTA_FIB_F, type Verdict } from "../../netlink/nft/index.ts";

/**
 * Expressions in the order and with the registers `nft` itself chooses, so that `nft list ruleset` prints rules that load
 * again. Register 1 has 16 bytes; 8, 9, 10 … are its 4-byte parts and go on through the other registers.
 */
export type Family = 4 | 6;

export const PROTOCOL = { tcp: 6, udp: 17, sctp: 132 } as const;
export type Protocol = keyof typeof PROTOCOL;

const REG = 1;
/** 4-byte register number `n` behind register 1. */
const part = (n: number): number => (n % 4 === 0 ? 1 + n / 4 : 8 + n);

export const cmp = (op: "eq" | "neq" | "lt" | "lte" | "gt" | "gte", value: Uint8Array): Expr => ({
  kind: "cmp",
  data: { sreg: REG, op, data: { value } },
});

/** `meta nfproto ipv4` */
export const isFamily = (family: Family): Expr[] => [
  { kind: "meta", data: { key: "nfproto", dreg: REG } },
  cmp("eq", Uint8Array.of(family === 4 ? NFPROTO.IPV4 : NFPROTO.IPV6)),
];

/** `meta l4proto tcp` */
export const isProtocol = (protocol: Protocol, op: "eq" | "neq" = "eq"): Expr[] => [
  { kind: "meta", data: { key: "l4proto", dreg: REG } },
  cmp(op, Uint8Array.of(PROTOCOL[protocol])),
];

/** Bytes from the start of the IPv4 or IPv6 header. */
const ADDRESS_OFFSET = { saddr: { 4: 12, 6: 8 }, daddr: { 4: 16, 6: 24 } } as const;

const loadAddress = (which: "saddr" | "daddr", family: Family, dreg: number, len = family === 4 ? 4 : 16): Expr => ({
  kind: "payload",
  data: { dreg, base: "network", offset: ADDRESS_OFFSET[which][family], len },
});

/** `ip saddr 10.1.0.0/16`, without the check of the family before it. */
export function inPrefix(which: "saddr" | "daddr", prefix: Cidr, op: "eq" | "neq" = "eq"): Expr[] {
  const { family } = prefix.ip;
  const bytes = ipToBytes(networkIp(prefix));
  const { prefixLen } = prefix;
  // Whole bytes are compared without a mask.
  if (prefixLen > 0 && prefixLen % 8 === 0)
    return [loadAddress(which, family, REG, prefixLen / 8), cmp(op, bytes.subarray(0, prefixLen / 8))];
  const mask = new Uint8Array(bytes.length);
  for (let bit = 0; bit < prefixLen; bit++) mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  const len = ipBits(family) / 8;
  return [
    loadAddress(which, family, REG),
    {
      kind: "bitwise",
      data: { sreg: REG, dreg: REG, len, mask: { value: mask }, xor: { value: new Uint8Array(len) } },
    },
    cmp(op, bytes),
  ];
}

/** What keys of sets are put together from. */
export type KeyPart = "saddr" | "daddr" | "l4proto" | "dport" | "original dport";

/** Loads the parts of a key one behind the other, each padded to four bytes. */
export function loadKey(family: Family, parts: readonly KeyPart[]): Expr[] {
  let at = 0;
  const out: Expr[] = [];
  for (const name of parts) {
    const dreg = part(at);
    const isAddress = name === "saddr" || name === "daddr";
    if (isAddress) out.push(loadAddress(name, family, dreg));
    else if (name === "l4proto") out.push({ kind: "meta", data: { key: "l4proto", dreg } });
    else if (name === "dport") out.push({ kind: "payload", data: { dreg, base: "transport", offset: 2, len: 2 } });
    else out.push({ kind: "ct", data: { key: "proto-dst", dreg, direction: "original" } });
    at += isAddress && family === 6 ? 4 : 1;
  }
  return out;
}

/** `vmap @set` */
export const verdictMap = (set: string): Expr => ({ kind: "lookup", data: { set, sreg: REG, dreg: 0 } });
/** `@set` */
export const inSet = (set: string): Expr => ({ kind: "lookup", data: { set, sreg: REG } });

/** `dnat ip to … map @set`: address and port from the map's data. */
export const dnatBy = (family: Family, set: string): Expr[] => [
  { kind: "lookup", data: { set, sreg: REG, dreg: REG } },
  {
    kind: "nat",
    data: { type: "dnat", family: family === 4 ? "ip" : "ip6", addrMin: REG, protoMin: part(family === 4 ? 1 : 4) },
  },
];

/** RTN_LOCAL, linux/rtnetlink.h, in the byte order of the host. */
const RTN_LOCAL = Uint8Array.of(2, 0, 0, 0);

/** `fib daddr type local` */
export const toThisHost: readonly Expr[] = [
  { kind: "fib", data: { dreg: REG, result: "type", flags: NFTA_FIB_F.DADDR } },
  cmp("eq", RTN_LOCAL),
];

/** `fib daddr . iif oif missing`: the link the packet came in by does not lead to its destination. */
export const notFromItsOwnLink: readonly Expr[] = [
  {
    kind: "fib",
    data: { dreg: REG, result: "oif", flags: NFTA_FIB_F.DADDR | NFTA_FIB_F.IIF | NFTA_FIB_F.PRESENT },
  },
  cmp("eq", new Uint8Array(4)),
];

/** Bits of `ct state` and `ct status` (include/net/netfilter/nf_tables.h; IPS_DST_NAT), in the byte order of the host. */
const CT_NEW = Uint8Array.of(8, 0, 0, 0);
const CT_ESTABLISHED_OR_RELATED = Uint8Array.of(6, 0, 0, 0);
const CT_DNAT = Uint8Array.of(0x20, 0, 0, 0);

const ctHas = (key: "state" | "status", bits: Uint8Array): Expr[] => [
  { kind: "ct", data: { key, dreg: REG } },
  {
    kind: "bitwise",
    data: { sreg: REG, dreg: REG, len: 4, mask: { value: bits }, xor: { value: new Uint8Array(4) } },
  },
  cmp("neq", new Uint8Array(4)),
];

/** `ct state new` */
export const isNew: readonly Expr[] = ctHas("state", CT_NEW);
/** `ct state established,related` */
export const isKnown: readonly Expr[] = ctHas("state", CT_ESTABLISHED_OR_RELATED);
/** `ct status dnat` */
export const isTranslated: readonly Expr[] = ctHas("status", CT_DNAT);

/** The loopback link has index 1 in every namespace. */
const LOOPBACK = Uint8Array.of(1, 0, 0, 0);
/** `iif != "lo"` */
export const notFromLoopback: readonly Expr[] = [
  { kind: "meta", data: { key: "iif", dreg: REG } },
  cmp("neq", LOOPBACK),
];

export const masquerade: Expr = { kind: "masq", data: {} };

/** `jump chain`, `return`, `drop` … */
export const verdict = (code: Verdict["code"], chain?: string): Expr => ({
  kind: "immediate",
  data: { dreg: 0, data: { verdict: { code, ...(chain !== undefined && { chain }) } } },
});
