import { formatIp, type Ip } from "../../src/ip/index.ts";
import type { BootIdentity } from "./boot.ts";
import { bytesOf, errnoOf, type Files, isErrno, listIfThere, removeIfThere } from "./files.ts";
import { addressOfName, type Layout, leasePath } from "./layout.ts";

/**
 * Our own record of a lease: a second hard link to the lease file, in a folder named after the machine and its boot. The
 * file is made there under a passing name, linked into place as the lease, then named after the address; so a lease of ours
 * is complete from its first moment, and its record speaks for that very file: once the reference has removed the lease and
 * made another of the same name and content, the inodes differ and the record means nothing.
 */
function bootFolder(layout: Layout, identity: BootIdentity): string {
  return `${layout.records}/${identity.machineId ?? "unknown"}.${identity.bootId}`;
}

function recordPath(layout: Layout, identity: BootIdentity, ip: Ip): string {
  return `${bootFolder(layout, identity)}/${formatIp(ip)}`;
}

/** One name for all: it is used under the lock only. */
function unnamedPath(layout: Layout, identity: BootIdentity): string {
  return `${bootFolder(layout, identity)}/.new`;
}

/** Removes what a killed process left before it could name it. A lease it made stays without a record, as the reference's. */
export function dropUnnamed(files: Files, layout: Layout, identity: BootIdentity): void {
  removeIfThere(files, unnamedPath(layout, identity));
}

/** File systems without hard links, or with the leases on another one than we. */
const NO_LINKS = ["EXDEV", "EPERM", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES", "EROFS"] as const;

/**
 * Makes a lease file with its record; false when the address is taken. To be called under the lock, which is why a lease
 * without content is nobody's and makes way.
 */
export function placeLease(files: Files, layout: Layout, identity: BootIdentity, ip: Ip, content: string): boolean {
  const lease = leasePath(layout, ip);
  const bytes = bytesOf(content);
  const create = (): void => files.createFile(lease, bytes, 0o600);
  const unnamed = makeUnnamed(files, layout, identity, bytes);
  if (unnamed === undefined) return exclusively(files, lease, create);
  let linked = false;
  try {
    linked = exclusively(files, lease, () => files.linkFile(unnamed, lease));
    return linked;
  } catch (error) {
    if (!isErrno(error, ...NO_LINKS)) throw error;
    return exclusively(files, lease, create);
  } finally {
    if (!linked || !nameRecord(files, unnamed, recordPath(layout, identity, ip))) removeIfThere(files, unnamed);
  }
}

/** Runs what makes the file; false when it is there already and not empty. */
function exclusively(files: Files, path: string, make: () => void): boolean {
  for (let attempt = 1; ; attempt++) {
    try {
      make();
      return true;
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      if (attempt > 1 || !removeIfEmpty(files, path)) return false;
    }
  }
}

/** False when it cannot be done: the lease stands without a record then. */
function nameRecord(files: Files, unnamed: string, record: string): boolean {
  try {
    files.renameFile(unnamed, record);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** `undefined` where no record can be kept: the lease then never ages, like one of the reference. */
function makeUnnamed(files: Files, layout: Layout, identity: BootIdentity, bytes: Uint8Array): string | undefined {
  const path = unnamedPath(layout, identity);
  for (let attempt = 1; ; attempt++) {
    try {
      files.createFile(path, bytes, 0o600);
      return path;
    } catch (error) {
      if (attempt < 4 && isErrno(error, "EEXIST")) {
        removeIfThere(files, path);
        continue;
      }
      if (attempt < 4 && isErrno(error, "ENOENT")) {
        if (makeFolder(files, bootFolder(layout, identity))) continue;
        return undefined;
      }
      if (isErrno(error, "EACCES", "EROFS", "EPERM")) return undefined;
      throw error;
    }
  }
}

function makeFolder(files: Files, path: string): boolean {
  try {
    files.makeDirs(path, 0o700);
    return true;
  } catch (error) {
    if (isErrno(error, "EACCES", "EROFS", "EPERM")) return false;
    throw error;
  }
}

function removeIfEmpty(files: Files, path: string): boolean {
  const is = files.stat(path, false);
  if (is === undefined) return true;
  if (is.kind !== "file" || is.size !== 0) return false;
  removeIfThere(files, path);
  return true;
}

/** Removes a lease, then its record. Either may be absent. */
export function dropLease(files: Files, layout: Layout, identity: BootIdentity, ip: Ip): void {
  removeIfThere(files, leasePath(layout, ip));
  removeIfThere(files, recordPath(layout, identity, ip));
}

/**
 * Gives up the leases of earlier boots of this same machine: their containers ended with it. Only where our own record
 * says so, and only the very file it was made with. Costs one look at a folder of one entry when there is nothing to do.
 */
export function giveUpEarlierBoots(files: Files, layout: Layout, identity: BootIdentity): Ip[] {
  const { machineId, bootId } = identity;
  if (machineId === undefined || bootId === "") return [];
  const givenUp: Ip[] = [];
  for (const name of listIfThere(files, layout.records)) {
    if (!name.startsWith(`${machineId}.`) || name === `${machineId}.${bootId}`) continue;
    const folder = `${layout.records}/${name}`;
    for (const entry of listIfThere(files, folder)) {
      const ip = addressOfName(entry);
      if (ip !== undefined && isRecordOf(files, `${folder}/${entry}`, leasePath(layout, ip))) {
        removeIfThere(files, leasePath(layout, ip));
        givenUp.push(ip);
      }
      removeIfThere(files, `${folder}/${entry}`);
    }
    files.removeDir(folder);
  }
  return givenUp;
}

function isRecordOf(files: Files, record: string, lease: string): boolean {
  const a = files.stat(record, false);
  const b = files.stat(lease, false);
  return a !== undefined && b !== undefined && a.kind === "file" && a.dev === b.dev && a.ino === b.ino;
}

/** Removes records, of whatever machine and boot, whose lease is gone. For GC; folders that become empty go too. */
export function sweepRecords(files: Files, layout: Layout): void {
  for (const name of listIfThere(files, layout.records)) {
    const folder = `${layout.records}/${name}`;
    let kept = 0;
    for (const entry of listIfThere(files, folder)) {
      const ip = addressOfName(entry);
      if (ip !== undefined && isRecordOf(files, `${folder}/${entry}`, leasePath(layout, ip))) kept++;
      else removeIfThere(files, `${folder}/${entry}`);
    }
    if (kept === 0) files.removeDir(folder);
  }
}

/** Whether this boot's record stands behind the lease: it was made by us. */
export function hasRecord(files: Files, layout: Layout, identity: BootIdentity, ip: Ip): boolean {
  return isRecordOf(files, recordPath(layout, identity, ip), leasePath(layout, ip));
}
