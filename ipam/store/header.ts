import { bytesOf, textOf } from "./files.ts";
import { HEADER_BYTES, type TableCounts, type TableSize, tableBytes } from "./table.ts";

/**
 * When the index may be believed: it was written in this boot, about this very folder, and nobody wrote to the folder
 * since. The reference writes without telling us, but any file made or removed in a folder sets its modification time. So
 * after each write of ours, under the flock, that time is set to a stamp no clock shows, and the stamp is kept here: any
 * other time means that somebody else wrote, or that we were killed half-way.
 */
export interface Header {
  readonly bootId: string;
  /** Device and inode of the folder of leases. */
  readonly dev: bigint;
  readonly ino: bigint;
  /** The folder's modification time, nanoseconds. */
  readonly stamp: bigint;
  readonly size: TableSize;
  readonly counts: TableCounts;
}

const MAGIC = "tsnetix1";
export const HEADER_USED_BYTES = 128;
/** 1980: the earliest every file system can keep. */
const STAMP_EPOCH_SECONDS = 315_532_800;

/**
 * A stamp of its own for every write: a random even second between 1980 and 2014, without fraction, so that file systems
 * with coarse times keep it too. Random rather than counted, so that an index restored from elsewhere never fits by chance.
 */
export function newStamp(): bigint {
  const seconds = STAMP_EPOCH_SECONDS + 2 * Math.floor(Math.random() * 2 ** 29);
  return BigInt(seconds) * 1_000_000_000n;
}

export function encodeHeader(header: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_USED_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(bytesOf(MAGIC), 0);
  bytes.set(bytesOf(header.bootId).subarray(0, 40), 8);
  view.setBigUint64(48, header.dev, true);
  view.setBigUint64(56, header.ino, true);
  view.setBigUint64(64, header.stamp, true);
  view.setUint32(72, header.size.ownerBuckets, true);
  view.setUint32(76, header.size.groupBuckets, true);
  view.setUint32(80, header.counts.owners, true);
  view.setUint32(84, header.counts.groups, true);
  return bytes;
}

/** `undefined` for anything that is no header of ours. */
export function decodeHeader(bytes: Uint8Array): Header | undefined {
  if (bytes.length < HEADER_USED_BYTES || textOf(bytes.subarray(0, 8)) !== MAGIC) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = { ownerBuckets: view.getUint32(72, true), groupBuckets: view.getUint32(76, true) };
  if (!isPowerOfTwo(size.ownerBuckets) || !isPowerOfTwo(size.groupBuckets) || tableBytes(size) <= HEADER_BYTES)
    return undefined;
  return {
    bootId: textOf(bytes.subarray(8, 48)).replace(/\0+$/, ""),
    dev: view.getBigUint64(48, true),
    ino: view.getBigUint64(56, true),
    stamp: view.getBigUint64(64, true),
    size,
    counts: { owners: view.getUint32(80, true), groups: view.getUint32(84, true) },
  };
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && value <= 2 ** 30 && (value & (value - 1)) === 0;
}
