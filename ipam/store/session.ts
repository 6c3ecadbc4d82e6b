import type { Ip } from "../../src/cni/ip.ts";
import { type BootIdentity, readBootIdentity } from "./boot.ts";
import { errnoOf, type Files, isErrno, listIfThere, readIfThere } from "./files.ts";
import { decodeHeader, encodeHeader, HEADER_USED_BYTES, type Header, newStamp } from "./header.ts";
import { addressOfName, type Layout, leasePath } from "./layout.ts";
import { DEFAULT_LOCK_TIMEOUT_MS, lockNetwork } from "./lock.ts";
import { ownerKey } from "./owner.ts";
import { dropLease, giveUpEarlierBoots, placeLease } from "./records.ts";
import {
  addLease,
  addressesOf,
  type Block,
  grow,
  hasRoom,
  nextFree,
  removeLease,
  sizeFor,
  type Table,
  tableInMemory,
} from "./table.ts";

/** Where one network's leases are, and with what they are reached. */
export interface StoreContext {
  readonly files: Files;
  readonly layout: Layout;
  readonly lockTimeoutMs?: number | undefined;
  /** For tests; otherwise read from /proc and /etc. */
  readonly identity?: BootIdentity | undefined;
}

/** A lease as found on disk. */
export interface FoundLease {
  readonly ip: Ip;
  /** Content without surrounding white space; `undefined` when the file cannot be read as a lease. */
  readonly key: string | undefined;
}

/** The leases of one network while its lock is held. Everything in here is synchronous, so nothing comes between. */
export interface Session {
  readonly context: StoreContext;
  readonly identity: BootIdentity;
  /** Addresses whose lease file says exactly this (`leaseText`), looked at on disk. */
  held(key: string): Ip[];
  /** Who holds the address: the lease's content; `undefined` when it is free. */
  holder(ip: Ip): string | undefined;
  nextFree(from: Ip, to: Ip): Ip | undefined;
  /** Makes a lease; false when the address is taken. */
  place(ip: Ip, content: string): boolean;
  /** Removes a lease whose content has been looked at. */
  drop(ip: Ip, key: string): void;
  /** Reads the whole folder; the index is made anew. */
  scan(): FoundLease[];
}

/** Content of a lease is two short lines; anything longer is not one. */
const MAX_LEASE_BYTES = 4096;

interface State {
  table: Table;
  /** The whole file when the table is in memory and to be written at the end; `undefined` when it is on disk. */
  bytes: Uint8Array | undefined;
  /** The folder was written to, so the stamp is gone. */
  dirty: boolean;
  /** A change of the folder began and did not end: the table may say something else, and is not to be kept. */
  unsure: boolean;
}

/**
 * Runs `work` under the network's lock. What goes wrong with the index alone never fails the work: without its stamp the
 * folder is read again next time.
 */
export async function withLeases<T>(context: StoreContext, work: (session: Session) => T): Promise<T> {
  const { files, layout } = context;
  const fd = await lockNetwork(files, layout, context.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS);
  try {
    const identity = context.identity ?? readBootIdentity(files);
    giveUpEarlierBoots(files, layout, identity);
    const state = openIndex(files, layout, identity);
    try {
      return work(sessionOf(context, identity, state));
    } finally {
      if (!state.unsure && (state.dirty || state.bytes !== undefined)) closeIndex(files, layout, identity, state);
    }
  } finally {
    files.closeFd(fd);
  }
}

function sessionOf(context: StoreContext, identity: BootIdentity, state: State): Session {
  const { files, layout } = context;

  function rebuild(): FoundLease[] {
    const found = readFolder(files, layout);
    Object.assign(state, tableOf(found), { unsure: false });
    return found;
  }

  function ask<T>(question: (table: Table) => T): T {
    try {
      return question(state.table);
    } catch (error) {
      if (!isIndexError(error)) throw error;
      rebuild();
      return question(state.table);
    }
  }

  /** Changes the folder, then the table; when the index cannot be written, it is made anew from the folder. */
  function change(folder: () => boolean, table: () => void): boolean {
    const before = state.unsure;
    state.unsure = true;
    const changed = folder();
    state.dirty = true;
    if (changed) {
      try {
        makeRoom(state);
        table();
      } catch (error) {
        if (!isIndexError(error)) throw error;
        rebuild();
        return changed;
      }
    }
    state.unsure = before;
    return changed;
  }

  const holder = (ip: Ip): string | undefined => readLease(files, layout, ip)?.key;
  return {
    context,
    identity,
    holder,
    held: (key) => ask((table) => addressesOf(table, key)).filter((ip) => holder(ip) === key),
    nextFree: (from, to) => ask((table) => nextFree(table, from, to)),
    place: (ip, content) =>
      change(
        () => placeLease(files, layout, identity, ip, content),
        () => addLease(state.table, ip, ownerKey(content)),
      ),
    drop(ip, key) {
      change(
        () => {
          dropLease(files, layout, identity, ip);
          return true;
        },
        () => removeLease(state.table, ip, key),
      );
    },
    scan: rebuild,
  };
}

/** The index cannot be read or written, or holds nonsense. */
function isIndexError(error: unknown): boolean {
  return error instanceof RangeError || errnoOf(error) !== undefined;
}

function makeRoom(state: State): void {
  if (!hasRoom(state.table)) Object.assign(state, grow(state.table));
}

// --- the folder

/** `undefined` when the address is free: no file, or an empty one, which nobody finished. */
function readLease(files: Files, layout: Layout, ip: Ip): FoundLease | undefined {
  try {
    const content = readIfThere(files, leasePath(layout, ip), MAX_LEASE_BYTES);
    if (content === undefined || content === "") return undefined;
    return { ip, key: ownerKey(content) };
  } catch (error) {
    // Too long, or no regular file: somebody's, and not to be had. What cannot be read just now could be anybody's.
    if (isErrno(error, "EFBIG", "EINVAL", "EISDIR", "ELOOP")) return { ip, key: undefined };
    throw error;
  }
}

function readFolder(files: Files, layout: Layout): FoundLease[] {
  const found: FoundLease[] = [];
  for (const name of listIfThere(files, layout.leases)) {
    const ip = addressOfName(name);
    const lease = ip === undefined ? undefined : readLease(files, layout, ip);
    if (lease !== undefined) found.push(lease);
  }
  return found;
}

function tableOf(leases: readonly FoundLease[]): Pick<State, "table" | "bytes"> {
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

// --- the index

function openIndex(files: Files, layout: Layout, identity: BootIdentity): State {
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
function closeIndex(files: Files, layout: Layout, identity: BootIdentity, state: State): void {
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
