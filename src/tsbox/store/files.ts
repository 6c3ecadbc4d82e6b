import type { Native } from "../../../native/addon.ts";
import { isSystemError } from "../../../native/load.ts";
import { Failure } from "../failure.ts";

export type Files = Pick<
  Native,
  | "stat"
  | "readFile"
  | "createFile"
  | "replaceFile"
  | "linkFile"
  | "renameFile"
  | "removeFile"
  | "removeDir"
  | "makeDirs"
  | "listDir"
  | "lockFile"
  | "closeFd"
  | "sync"
>;

const MAX_JSON = 16 * 1024 * 1024;
const MAX_ENTRIES = 1_000_000;

/** The content of a JSON file, `undefined` when it is not there. A file that is no JSON is a Failure naming it. */
export function readJson(files: Files, path: string): unknown {
  const text = readText(files, path, MAX_JSON);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure(`${path} is damaged: ${error instanceof Error ? error.message : error}`, "remove it by hand");
  }
}

export function readText(files: Files, path: string, maxBytes: number): string | undefined {
  const bytes = unless(["ENOENT", "ENOTDIR"], () => files.readFile(path, maxBytes));
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/**
 * Replaces a file whole or not at all, 0600. With `durable` it also survives a power cut (fsync of file and folder);
 * without, what is there after a power cut may be empty, which suits what a boot or a container's end makes worthless.
 */
export function writeJson(files: Files, path: string, value: unknown, how: { durable: boolean }): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  if (!how.durable) {
    files.replaceFile(path, bytes, 0o600);
    return;
  }
  const temporary = `${path}.${process.pid}.tmp`;
  unless(["ENOENT"], () => files.removeFile(temporary));
  files.createFile(temporary, bytes, 0o600);
  try {
    files.sync(temporary, false);
    files.renameFile(temporary, path);
  } catch (error) {
    unless(["ENOENT"], () => files.removeFile(temporary));
    throw error;
  }
  files.sync(path.slice(0, path.lastIndexOf("/")), false);
}

/** Names in a folder, sorted; none when it is not there. */
export function namesOf(files: Files, folder: string): string[] {
  return unless(["ENOENT"], () => files.listDir(folder, MAX_ENTRIES))?.sort() ?? [];
}

/** Removes a file; that it is not there is fine. */
export function removeFile(files: Files, path: string): void {
  unless(["ENOENT", "ENOTDIR"], () => files.removeFile(path));
}

/** Removes a folder and all below it, never following a link. Nothing mounted may be below it. */
export function removeTree(path: string): void {
  process.getBuiltinModule("node:fs").rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * The same without node:fs, which costs 2 ms to load, as long as little is in the folder: the usual container has written
 * nothing. What is more, or has names that are no text, is left to `removeTree`.
 */
export function dropFolder(files: Files, path: string): void {
  if (!dropSmall(files, path, { entries: 200 })) removeTree(path);
}

/** False when there was more than that, or something did not go. */
function dropSmall(files: Files, path: string, left: { entries: number }): boolean {
  const names = unless(["ENOENT", "EFBIG"], () => files.listDir(path, left.entries));
  if (names === undefined) return files.stat(path, false) === undefined;
  left.entries -= names.length;
  for (const name of names) {
    const entry = `${path}/${name}`;
    if (files.stat(entry, false)?.kind !== "directory") removeFile(files, entry);
    else if (!dropSmall(files, entry, left)) return false;
  }
  unless(["ENOENT", "ENOTEMPTY"], () => files.removeDir(path));
  return files.stat(path, false) === undefined;
}

/** Runs `action`; `undefined` when it fails with one of these. */
export function unless<T>(codes: readonly string[], action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isSystemError(error) && codes.includes(error.code)) return undefined;
    throw error;
  }
}
