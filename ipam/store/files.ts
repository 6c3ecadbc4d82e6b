import type { Native } from "../../native/addon.ts";

/** What the store needs of the addon. A parameter everywhere, so that a test can make any single call fail. */
export type Files = Pick<
  Native,
  | "lockFile"
  | "lockFileAsync"
  | "closeFd"
  | "readFile"
  | "readAt"
  | "writeAt"
  | "createFile"
  | "linkFile"
  | "renameFile"
  | "removeFile"
  | "removeDir"
  | "makeDirs"
  | "listDir"
  | "stat"
  | "setMtime"
  | "isWritable"
>;

/** The symbolic errno (`ENOENT`) of what the addon threw; `undefined` for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("op" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether the addon threw one of these errnos. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  const code = errnoOf(error);
  return code !== undefined && codes.includes(code);
}

/** Removes a file that may be absent already. */
export function removeIfThere(files: Files, path: string): void {
  try {
    files.removeFile(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** Names in a folder; none when the folder is absent. */
export function listIfThere(files: Files, path: string): string[] {
  try {
    return files.listDir(path, MAX_NAMES);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/** More than anyone can lease: only there so that a wrong path (a mail spool, say) cannot eat the memory. */
const MAX_NAMES = 4_000_000;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A small file as text; `undefined` when it is absent. */
export function readIfThere(files: Files, path: string, maxBytes: number): string | undefined {
  try {
    return textOf(files.readFile(path, maxBytes));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/**
 * Why nothing could be written into a folder, as a sentence; `undefined` when they can. Makes nothing: where the folder is absent,
 * the nearest folder above it that exists must be writable.
 */
export function unwritable(files: Files, folder: string): string | undefined {
  for (let path = folder; ; path = path.slice(0, path.lastIndexOf("/"))) {
    const at = path === "" ? "/" : path;
    try {
      const is = files.stat(at, true);
      if (is !== undefined && is.kind !== "directory") return `${at} is no folder`;
      if (is !== undefined) return files.isWritable(at) ? undefined : `${at} is not writable`;
    } catch (error) {
      if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
      return error.message;
    }
    if (path === "") return "/ does not exist";
  }
}
