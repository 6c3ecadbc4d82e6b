import type { BootIdentity } from "./boot.ts";
import { errnoOf, type Files, isErrno } from "./files.ts";
import { type FoundLease, readFolder } from "./folder.ts";
import { decodeHeader, encodeHeader, HEADER_USED_BYTES, type Header, newStamp } from "./header.ts";
import type { Layout } from "./layout.ts";
import { addLease, type Block, grow, hasRoom, sizeFor, type Table, tableInMemory } from "./table.ts";

/** The index while the lock is held. */
export interface State {
  table: Table;
  /** The whole file when the table is in memory and to be written at the end; `undefined` when it is on disk. */
  bytes: Uint8Array | undefined;
  /** The folder was written to, so the stamp is gone. */
  dirty: boolean;
  /** A change of the folder began and did not end: the table may say something else, and is not to be kept. */
  unsure: boolean;
}

/** Moves to a larger table, in memory, when this one is nearly full. */
export function makeRoom(state: State): void {
  if (!hasRoom(state.table)) Object.assign(state, grow(state.table));
}

/** A table made anew, in memory. */
export function tableOf(leases: readonly FoundLease[]): Pick<State, "table" | "bytes"> {
  // At worst every lease is in a group of its own: the groups are counted by growing.
  const state: State = {
    ...tableInMemory(sizeFor({ owners: leases.length, groups: Math.ceil(leases.length / 1024) })),
    dirty: false,
    unsure: false,
  };
  for (const lease of leases) {
    makeRoom(state);
    addLease(state.table, lease.ip, lease.key);
  }
  return { table: state.table, bytes: state.bytes };
}

export function openIndex(files: Files, layout: Layout, identity: BootIdentity): State {
  const header = believedHeader(files, layout, identity);
  if (header === undefined) return { ...tableOf(readFolder(files, layout)), dirty: false, unsure: false };
  const table: Table = { size: header.size, counts: { ...header.counts }, block: blockOf(files, layout.index) };
  return { table, bytes: undefined, dirty: false, unsure: false };
}

/** The index's header, if index and folder belong together and nobody else wrote since. */
export function believedHeader(files: Files, layout: Layout, identity: BootIdentity): Header | undefined {
  try {
    const header = decodeHeader(files.readAt(layout.index, 0, HEADER_USED_BYTES));
    const folder = files.stat(layout.leases, true);
    if (header === undefined || folder === undefined || identity.bootId === "") return undefined;
    const same = header.bootId === identity.bootId && header.dev === folder.dev && header.ino === folder.ino;
    return same && header.stamp === folder.mtimeNs ? header : undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/** The index on disk. What was read or written once is remembered: under the lock nobody else changes it. */
export function blockOf(files: Files, path: string): Block {
  const known = new Map<number, Uint8Array>();
  return {
    read(offset, length) {
      const before = known.get(offset);
      if (before?.length === length) return before;
      let bytes = files.readAt(path, offset, length);
      if (bytes.length < length) {
        const padded = new Uint8Array(length);
        padded.set(bytes);
        bytes = padded;
      }
      known.set(offset, bytes);
      return bytes;
    },
    write(offset, bytes) {
      known.set(offset, bytes);
      files.writeAt(path, offset, bytes, 0o600, false);
    },
  };
}

/**
 * Writes the header, and only then stamps the folder: killed in between, the folder shows the time of its last change and
 * the index is not believed.
 */
export function closeIndex(files: Files, layout: Layout, identity: BootIdentity, state: State): void {
  try {
    const folder = files.stat(layout.leases, true);
    if (folder === undefined || identity.bootId === "") return;
    const { size, counts } = state.table;
    const stamp = newStamp();
    const header = encodeHeader({ bootId: identity.bootId, dev: folder.dev, ino: folder.ino, stamp, size, counts });
    if (state.bytes === undefined) files.writeAt(layout.index, 0, header, 0o600, false);
    else writeWhole(files, layout, state.bytes, header);
    files.setMtime(layout.leases, stamp);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

function writeWhole(files: Files, layout: Layout, bytes: Uint8Array, header: Uint8Array): void {
  bytes.set(header, 0);
  for (let attempt = 1; ; attempt++) {
    try {
      files.writeAt(layout.index, 0, bytes, 0o600, true);
      return;
    } catch (error) {
      if (attempt > 1 || !isErrno(error, "ENOENT")) throw error;
      files.makeDirs(layout.own, 0o700);
    }
  }
}
