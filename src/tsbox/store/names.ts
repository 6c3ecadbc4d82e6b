import { Failure } from "../failure.ts";
import { generateName } from "../names/generate.ts";
import { isId, shortId } from "../names/id.ts";
import { type Files, namesOf, readText, removeFile } from "./files.ts";
import { withLock } from "./lock.ts";
import { containerFolder, containersIn, namesIn, type Places } from "./places.ts";

/**
 * Names of containers: a file per name, which holds the ID. A name whose container is gone (its command was killed) is free.
 * Claims and releases are made under one lock, held for microseconds.
 */
export function claimName(files: Files, places: Places, name: string | undefined, id: string): string {
  files.makeDirs(namesIn(places), 0o700);
  return locked(files, places, () => {
    if (name !== undefined) {
      const holder = take(files, places, name, id);
      if (holder === undefined) return name;
      throw new Failure(
        `the name ${JSON.stringify(name)} is in use by container ${shortId(holder)}`,
        `remove or rename that one (tsbox rm ${name}), or choose another name`,
      );
    }
    for (let attempt = 0; attempt < 100; attempt++) {
      const candidate = generateName(attempt);
      if (take(files, places, candidate, id) === undefined) return candidate;
    }
    throw new Failure("no free name was found", "give one with --name");
  });
}

/** Gives a name up; one that is another's stays. */
export function releaseName(files: Files, places: Places, name: string, id: string): void {
  locked(files, places, () => {
    if (holderOf(files, places, name) === id) removeFile(files, pathOf(places, name));
  });
}

/** Names whose container is gone are forgotten; gives their number. */
export function forgetStaleNames(files: Files, places: Places): number {
  const names = namesOf(files, namesIn(places)).filter((name) => !name.startsWith("."));
  if (names.length === 0) return 0;
  return locked(files, places, () => {
    let count = 0;
    for (const name of names) {
      if (isHeld(files, places, name)) continue;
      removeFile(files, pathOf(places, name));
      count++;
    }
    return count;
  });
}

/** The holder that stands in the way, or `undefined` when the name is ours now. */
function take(files: Files, places: Places, name: string, id: string): string | undefined {
  const holder = holderOf(files, places, name);
  if (holder !== undefined && holder !== id && isHeld(files, places, name)) return holder;
  removeFile(files, pathOf(places, name));
  files.createFile(pathOf(places, name), new TextEncoder().encode(id), 0o600);
  return undefined;
}

function isHeld(files: Files, places: Places, name: string): boolean {
  const holder = holderOf(files, places, name);
  return holder !== undefined && files.stat(containerFolder(places, holder), false)?.kind === "directory";
}

function holderOf(files: Files, places: Places, name: string): string | undefined {
  const id = readText(files, pathOf(places, name), 1024);
  return id !== undefined && isId(id) ? id : undefined;
}

/** Nothing has that name, or an ID that begins so. */
export class NoSuchContainer extends Failure {
  constructor(word: string) {
    super(`no such container: ${word}`, "tsbox ps -a lists them");
  }
}

/** The container that a name, an ID or the beginning of one means. */
export function findContainer(files: Files, places: Places, word: string): string {
  const named = /^[\w.-]+$/.test(word) && isHeld(files, places, word) ? holderOf(files, places, word) : undefined;
  if (named !== undefined) return named;
  const matching = /^[0-9a-f]{1,64}$/.test(word)
    ? allContainers(files, places).filter((id) => id.startsWith(word))
    : [];
  const [only, second] = matching;
  if (only !== undefined && second === undefined) return only;
  if (only !== undefined)
    throw new Failure(`${JSON.stringify(word)} begins the IDs of ${matching.length} containers`, "give more digits");
  throw new NoSuchContainer(word);
}

export const allContainers = (files: Files, places: Places): string[] =>
  namesOf(files, containersIn(places)).filter(isId);

const pathOf = (places: Places, name: string): string => `${namesIn(places)}/${name}`;

/** Beside the folder, so that no name meets it. */
const locked = <T>(files: Files, places: Places, work: () => T): T =>
  withLock(files, `${places.data}/names.lock`, "names of containers", work);
