import type { Expr } from "../../src/netlink/nft/index.ts";
import { cmp } from "../../src/plugin/nat/expressions.ts";

const REG = 1;
const LEN = 4;

/** A packet's mark is a number of the host: in the byte order of x86-64. */
function bytesOf(mark: number): Uint8Array {
  return Uint8Array.of(mark & 255, (mark >>> 8) & 255, (mark >>> 16) & 255, mark >>> 24);
}

const masked = (mask: number, xor: number): Expr => ({
  kind: "bitwise",
  data: { sreg: REG, dreg: REG, len: LEN, mask: { value: bytesOf(mask) }, xor: { value: bytesOf(xor) } },
});

const load: Expr = { kind: "meta", data: { key: "mark", dreg: REG } };

/** `0x1000` */
export const markText = (mark: number): string => `0x${(mark >>> 0).toString(16)}`;

/** `meta mark set meta mark or 0x1000` */
export const setMark = (mark: number): Expr[] => [
  load,
  masked(~mark, mark),
  { kind: "meta", data: { key: "mark", sreg: REG } },
];

/** `meta mark and 0x1000 == 0x1000`: what `iptables -m mark --mark 0x1000/0x1000` writes. */
export const hasMark = (mark: number): Expr[] => [load, masked(mark, 0), cmp("eq", bytesOf(mark))];

/** `meta mark and 0x3000 == 0x0`: none of these bits */
export const lacksMark = (mask: number): Expr[] => [load, masked(mask, 0), cmp("eq", new Uint8Array(LEN))];
