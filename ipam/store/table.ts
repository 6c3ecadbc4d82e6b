import type { Ip } from "../../src/ip/index.ts";
import { hashKey } from "./owner.ts";

/**
 * The index of leases: two hash tables in one file of fixed records, so that a question about one owner or the next free
 * address reads and writes a few hundred bytes, whatever the number of leases. All numbers are little-endian.
 *
 *   0     header (`header.ts`), one page
 *   4096  owner buckets, 512 bytes: u16 count, u16 overflowed, u32 0, then 21 entries: u32 u32 hash, 16 bytes address
 *   …     groups, 576 bytes: u32 used, u32 count, 16 bytes address of the first, 40 bytes 0, then 4096 bits "is leased"
 *
 * A full bucket runs over into the next one. Groups take the next unused place; both tables are kept under 70 % full.
 */
export interface TableSize {
  /** Powers of two. */
  readonly ownerBuckets: number;
  readonly groupBuckets: number;
}

export interface TableCounts {
  owners: number;
  groups: number;
}

/** Bytes of the index, in a file or in memory. What was never written reads as zeros. */
export interface Block {
  read(offset: number, length: number): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
}

export interface Table {
  readonly size: TableSize;
  readonly counts: TableCounts;
  readonly block: Block;
}

export const HEADER_BYTES = 4096;
const OWNER_BUCKET_BYTES = 512;
const OWNER_ENTRY_BYTES = 24;
const OWNERS_PER_BUCKET = 21;
const GROUP_BYTES = 576;
const GROUP_HEAD_BYTES = 64;
const GROUP_ADDRESSES = 4096;
const MAX_LOAD = 0.7;

export function tableBytes(size: TableSize): number {
  return HEADER_BYTES + size.ownerBuckets * OWNER_BUCKET_BYTES + size.groupBuckets * GROUP_BYTES;
}

/** A size in which these counts fill the tables to a sixth at most, so that growing is rare. */
export function sizeFor(counts: TableCounts): TableSize {
  return {
    ownerBuckets: powerOfTwo(Math.max(1024, (counts.owners * 6) / OWNERS_PER_BUCKET)),
    groupBuckets: powerOfTwo(Math.max(64, counts.groups * 6)),
  };
}

/** Whether the tables hold one more of each. */
export function hasRoom(table: Table): boolean {
  return (
    table.counts.owners < table.size.ownerBuckets * OWNERS_PER_BUCKET * MAX_LOAD &&
    table.counts.groups < table.size.groupBuckets * MAX_LOAD
  );
}

function powerOfTwo(least: number): number {
  let power = 1;
  while (power < least) power *= 2;
  return power;
}

/** A table in memory, empty. `bytes` is the file's whole content, its header still to be written. */
export function tableInMemory(size: TableSize): { table: Table; bytes: Uint8Array } {
  const bytes = new Uint8Array(tableBytes(size));
  const block: Block = {
    read: (offset, length) => bytes.subarray(offset, offset + length),
    write: (offset, part) => bytes.set(part, offset),
  };
  return { table: { size, counts: { owners: 0, groups: 0 }, block }, bytes };
}

/** IPv4 as the IPv4-mapped part of IPv6: one number for both families. */
function wide(ip: Ip): bigint {
  return ip.family === 4 ? 0xffff_0000_0000n | ip.value : ip.value;
}

function narrow(value: bigint): Ip {
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function putWide(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, value >> 64n);
  view.setBigUint64(at + 8, value & 0xffff_ffff_ffff_ffffn);
}

function getWide(view: DataView, at: number): bigint {
  return (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8);
}

// --- owners

interface Bucket {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * Shows `visit` the buckets in which an entry of this hash may stand, in order, until it answers true; ends after the
 * first that did not run over.
 */
function eachBucket(table: Table, low: number, visit: (bucket: Bucket) => boolean): void {
  const { ownerBuckets } = table.size;
  for (let i = 0; i < ownerBuckets; i++) {
    const offset = HEADER_BYTES + ((low + i) & (ownerBuckets - 1)) * OWNER_BUCKET_BYTES;
    const bytes = table.block.read(offset, OWNER_BUCKET_BYTES);
    const view = viewOf(bytes);
    if (visit({ offset, bytes, view }) || view.getUint16(2, true) === 0) return;
  }
}

/** Addresses whose lease has this content, and perhaps, by a collision, others. */
export function addressesOf(table: Table, key: string): Ip[] {
  const [low, high] = hashKey(key);
  const found: Ip[] = [];
  eachBucket(table, low, ({ view }) => {
    for (let at = 8, left = view.getUint16(0, true); left > 0; left--, at += OWNER_ENTRY_BYTES)
      if (view.getUint32(at, true) === low && view.getUint32(at + 4, true) === high)
        found.push(narrow(getWide(view, at + 8)));
    return false;
  });
  return found;
}

function addOwner(table: Table, low: number, high: number, address: bigint): void {
  eachBucket(table, low, ({ offset, bytes, view }) => {
    const count = view.getUint16(0, true);
    if (count === OWNERS_PER_BUCKET) {
      // From now on whoever looks here goes on to the next bucket.
      if (view.getUint16(2, true) === 0) {
        view.setUint16(2, 1, true);
        table.block.write(offset, bytes);
      }
      return false;
    }
    const at = 8 + count * OWNER_ENTRY_BYTES;
    view.setUint32(at, low, true);
    view.setUint32(at + 4, high, true);
    putWide(view, at + 8, address);
    view.setUint16(0, count + 1, true);
    table.block.write(offset, bytes);
    table.counts.owners++;
    return true;
  });
}

function removeOwner(table: Table, key: string, address: bigint): void {
  const [low, high] = hashKey(key);
  eachBucket(table, low, ({ offset, bytes, view }) => {
    const count = view.getUint16(0, true);
    for (let i = 0; i < count; i++) {
      const at = 8 + i * OWNER_ENTRY_BYTES;
      if (view.getUint32(at, true) !== low || view.getUint32(at + 4, true) !== high) continue;
      if (getWide(view, at + 8) !== address) continue;
      const last = 8 + (count - 1) * OWNER_ENTRY_BYTES;
      bytes.copyWithin(at, last, last + OWNER_ENTRY_BYTES);
      view.setUint16(0, count - 1, true);
      table.block.write(offset, bytes);
      table.counts.owners--;
      return true;
    }
    return false;
  });
}

// --- groups

interface Group {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly used: boolean;
}

/** The place of the group that begins with `first`; an unused place when there is none. */
function groupAt(table: Table, first: bigint): Group {
  const { ownerBuckets, groupBuckets } = table.size;
  const start = HEADER_BYTES + ownerBuckets * OWNER_BUCKET_BYTES;
  const number = first >> 12n;
  // Neighbouring groups come to lie side by side; what stands above them only shifts the row.
  const row = Number(number & 0xffff_ffffn) + Math.imul(Number((number >> 32n) & 0xffff_ffffn), 0x9e3779b1);
  for (let i = 0; i < groupBuckets; i++) {
    const offset = start + ((row + i) & (groupBuckets - 1)) * GROUP_BYTES;
    const bytes = table.block.read(offset, GROUP_BYTES);
    const view = viewOf(bytes);
    const used = view.getUint32(0, true) === 1;
    if (!used || getWide(view, 8) === first) return { offset, bytes, view, used };
  }
  throw new RangeError("index of leases: no place left in the groups");
}

function setLeased(table: Table, address: bigint, leased: boolean): void {
  const bit = Number(address & BigInt(GROUP_ADDRESSES - 1));
  const first = address - BigInt(bit);
  const group = groupAt(table, first);
  const at = GROUP_HEAD_BYTES + (bit >> 3);
  const mask = 1 << (bit & 7);
  const before = group.bytes[at] ?? 0;
  if (((before & mask) !== 0) === leased) return;
  if (!group.used) {
    group.view.setUint32(0, 1, true);
    putWide(group.view, 8, first);
    table.counts.groups++;
  }
  group.bytes[at] = before ^ mask;
  group.view.setUint32(4, group.view.getUint32(4, true) + (leased ? 1 : -1), true);
  table.block.write(group.offset, group.bytes);
}

// --- leases: both tables together

/** Notes that `ip` is leased; `key` is its lease's content, `undefined` when it cannot be known. */
export function addLease(table: Table, ip: Ip, key: string | undefined): void {
  const address = wide(ip);
  if (key !== undefined) addOwner(table, ...hashKey(key), address);
  setLeased(table, address, true);
}

export function removeLease(table: Table, ip: Ip, key: string): void {
  const address = wide(ip);
  removeOwner(table, key, address);
  setLeased(table, address, false);
}

/** The first address from `from` to `to`, both included, that is not leased. */
export function nextFree(table: Table, from: Ip, to: Ip): Ip | undefined {
  const end = wide(to);
  let address = wide(from);
  while (address <= end) {
    const bit = Number(address & BigInt(GROUP_ADDRESSES - 1));
    const first = address - BigInt(bit);
    const group = groupAt(table, first);
    if (!group.used) return narrow(address);
    const free = group.view.getUint32(4, true) === GROUP_ADDRESSES ? -1 : clearBitFrom(group.bytes, bit);
    if (free >= 0) {
      const found = first + BigInt(free);
      return found <= end ? narrow(found) : undefined;
    }
    address = first + BigInt(GROUP_ADDRESSES);
  }
  return undefined;
}

/** Number of the first clear bit from `bit` on, -1 when all are set. */
function clearBitFrom(bytes: Uint8Array, bit: number): number {
  let at = bit >> 3;
  // Bits below the first one count as set.
  let byte = (bytes[GROUP_HEAD_BYTES + at] ?? 0) | ((1 << (bit & 7)) - 1);
  while (byte === 0xff) {
    at++;
    if (at === GROUP_ADDRESSES / 8) return -1;
    byte = bytes[GROUP_HEAD_BYTES + at] ?? 0;
  }
  let low = 0;
  while ((byte & (1 << low)) !== 0) low++;
  return at * 8 + low;
}

/** The same content in tables with more room. */
export function grow(table: Table): { table: Table; bytes: Uint8Array } {
  const grown = tableInMemory(sizeFor({ owners: table.counts.owners, groups: table.counts.groups }));
  const { ownerBuckets, groupBuckets } = table.size;
  const owners = table.block.read(HEADER_BYTES, ownerBuckets * OWNER_BUCKET_BYTES);
  const view = viewOf(owners);
  for (let bucket = 0; bucket < owners.length; bucket += OWNER_BUCKET_BYTES) {
    for (let at = bucket + 8, left = view.getUint16(bucket, true); left > 0; left--, at += OWNER_ENTRY_BYTES)
      addOwner(grown.table, view.getUint32(at, true), view.getUint32(at + 4, true), getWide(view, at + 8));
  }
  const groups = table.block.read(HEADER_BYTES + owners.length, groupBuckets * GROUP_BYTES);
  for (let at = 0; at < groups.length; at += GROUP_BYTES) {
    const group = groups.subarray(at, at + GROUP_BYTES);
    const head = viewOf(group);
    // Empty ones stay behind: only here do they ever go.
    if (head.getUint32(0, true) !== 1 || head.getUint32(4, true) === 0) continue;
    grown.table.block.write(groupAt(grown.table, getWide(head, 8)).offset, group);
    grown.table.counts.groups++;
  }
  return grown;
}
