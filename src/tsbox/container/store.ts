import { Failure } from "../failure.ts";
import { newId } from "../names/id.ts";
import { dropFolder, type Files, readJson, removeTree, unless, writeJson } from "../store/files.ts";
import { type Lock, lock, tryLock } from "../store/lock.ts";
import { allContainers, claimName, findContainer, releaseName } from "../store/names.ts";
import { containerFolder, type Places } from "../store/places.ts";
import type { ContainerRecord } from "./record.ts";

/** Files in `containers/<id>/`. */
const FILES = { record: "config.json", lock: "lock", upper: "upper", work: "work", root: "root" } as const;

export const recordPath = (places: Places, id: string): string => `${containerFolder(places, id)}/${FILES.record}`;
export const upperOf = (places: Places, id: string): string => `${containerFolder(places, id)}/${FILES.upper}`;
export const workOf = (places: Places, id: string): string => `${containerFolder(places, id)}/${FILES.work}`;
/** The empty folder that stands for its root until that is mounted, which only the container sees. */
export const rootOf = (places: Places, id: string): string => `${containerFolder(places, id)}/${FILES.root}`;
const lockPath = (places: Places, id: string): string => `${containerFolder(places, id)}/${FILES.lock}`;

/**
 * Makes a container's files. Its folder is locked before it has a name, and has a record last: one without is rubbish as
 * soon as nobody holds its lock. Gives the record and the lock.
 */
export function makeContainer(
  files: Files,
  places: Places,
  name: string | undefined,
  settings: Omit<ContainerRecord, "id" | "name">,
): { record: ContainerRecord; held: Lock } {
  const id = newId();
  const folder = containerFolder(places, id);
  files.makeDirs(folder, 0o700);
  let held: Lock | undefined;
  try {
    held = lock(files, lockPath(places, id), `container ${id}`);
    const record = { ...settings, id, name: claimName(files, places, name, id) };
    files.makeDirs(upperOf(places, id), 0o755);
    files.makeDirs(workOf(places, id), 0o700);
    files.makeDirs(rootOf(places, id), 0o700);
    saveRecord(files, places, record);
    return { record, held };
  } catch (error) {
    removeTree(folder);
    held?.release();
    throw error;
  }
}

/** A container with --rm is rubbish after a power cut anyway, so nobody waits for the disk. */
export const saveRecord = (files: Files, places: Places, record: ContainerRecord): void =>
  writeJson(files, recordPath(places, record.id), record, { durable: !record.autoRemove });

/** The record of a container, `undefined` when it has none (any more). */
export function loadRecord(files: Files, places: Places, id: string): ContainerRecord | undefined {
  const raw = readJson(files, recordPath(places, id));
  if (typeof raw !== "object" || raw === null || !("version" in raw)) return undefined;
  if (raw.version !== 1)
    throw new Failure(`container ${id} was made by another version of tsbox`, "use that version, or remove its folder");
  return raw as ContainerRecord;
}

/** The container that a word means. */
export function findRecord(files: Files, places: Places, word: string): ContainerRecord {
  const record = loadRecord(files, places, findContainer(files, places, word));
  if (record === undefined) throw new Failure(`no such container: ${word}`, "tsbox ps -a lists them");
  return record;
}

/** Holds a container's lock; a Failure when it is gone or another command does not give it up. */
export function lockContainer(files: Files, places: Places, id: string, shown: string): Lock {
  const held = unless(["ENOENT"], () => lock(files, lockPath(places, id), `container ${shown}`));
  if (held === undefined) throw gone(shown);
  // Its folder may have been removed while we waited; the lock's file went with it.
  if (files.stat(recordPath(places, id), false) !== undefined) return held;
  held.release();
  throw gone(shown);
}

const gone = (shown: string): Failure => new Failure(`no such container: ${shown}`, "tsbox ps -a lists them");

/** The lock of a container that nobody is busy with, whether it has a record or not. */
export function tryLockContainer(files: Files, places: Places, id: string): Lock | undefined {
  return unless(["ENOENT"], () => tryLock(files, lockPath(places, id)));
}

/** Removes all of a container's files; its lock must be held. The record goes first, the lock's file last. */
export function dropContainer(files: Files, places: Places, id: string, name: string | undefined): void {
  const folder = containerFolder(places, id);
  if (files.stat(recordPath(places, id), false) !== undefined) files.removeFile(recordPath(places, id));
  if (name !== undefined) releaseName(files, places, name, id);
  dropFolder(files, folder);
}

/** Removes the most of them beforehand, all that the container itself has written. */
export function dropLayer(files: Files, places: Places, id: string): void {
  dropFolder(files, upperOf(places, id));
  dropFolder(files, workOf(places, id));
}

/** Every container's record, and what is wrong with those that have none that can be read. */
export function allRecords(files: Files, places: Places): { records: ContainerRecord[]; problems: string[] } {
  const records: ContainerRecord[] = [];
  const problems: string[] = [];
  for (const id of allContainers(files, places)) {
    try {
      const record = loadRecord(files, places, id);
      if (record !== undefined) records.push(record);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problems.push(error.message);
    }
  }
  return { records, problems };
}
