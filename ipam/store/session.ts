import type { Ip } from "../../src/ip/index.ts";
import { type BootIdentity, readBootIdentity } from "./boot.ts";
import { errnoOf, type Files } from "./files.ts";
import { type FoundLease, readFolder, readLease } from "./folder.ts";
import { closeIndex, makeRoom, openIndex, type State, tableOf } from "./index-file.ts";
import type { Layout } from "./layout.ts";
import { DEFAULT_LOCK_TIMEOUT_MS, lockNetwork } from "./lock.ts";
import { ownerKey } from "./owner.ts";
import { dropLease, dropUnnamed, giveUpEarlierBoots, placeLease } from "./records.ts";
import { addLease, addressesOf, nextFree, removeLease, type Table } from "./table.ts";

/** Where one network's leases are, and with what they are reached. */
export interface StoreContext {
  readonly files: Files;
  readonly layout: Layout;
  readonly lockTimeoutMs?: number | undefined;
  /** For tests; otherwise read from /proc and /etc. */
  readonly identity?: BootIdentity | undefined;
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
    dropUnnamed(files, layout, identity);
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
