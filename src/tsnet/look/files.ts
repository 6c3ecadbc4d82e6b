import type { Native } from "../../../native/addon.ts";
import { isSystemError } from "../../../native/load.ts";
import { isObject } from "../../cni/json.ts";
import type { Json, JsonObject } from "../../cni/types.ts";
import { cut, type Remark } from "./model.ts";

/** The calls that looking makes outside netlink: nothing in here can change anything. */
export type LookNative = Pick<
  Native,
  "readFile" | "listDir" | "readLink" | "stat" | "netnsOpen" | "netnsIdentity" | "closeFd"
>;

const GONE = new Set(["ENOENT", "ESRCH", "ENOTDIR"]);

/** Whether a call failed because what it was about is not there (any more). */
export const isGone = (error: unknown): boolean => isSystemError(error) && GONE.has(error.code);

export const isDenied = (error: unknown): boolean =>
  isSystemError(error) && (error.code === "EACCES" || error.code === "EPERM");

/** `work`, or `undefined` when it failed for want of the thing or the right; a missing right is told to `denied`. */
export function attempt<T>(work: () => T, denied?: () => void): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isGone(error)) return undefined;
    if (isDenied(error)) {
      denied?.();
      return undefined;
    }
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

const decoder = new TextDecoder();

/** A file's text; `undefined` when it is not there. */
export function textOf(native: LookNative, path: string, maxBytes: number): string | undefined {
  const bytes = attempt(() => native.readFile(path, maxBytes));
  return bytes && decoder.decode(bytes);
}

/** State files of runtimes are a few hundred KB at most. */
const MAX_STATE = 4 * 1024 * 1024;
const MAX_ENTRIES = 100_000;

/** Names in a folder; none when it is not there or not to be read. */
export function namesIn(native: LookNative, folder: string, remarks: Remark[]): string[] {
  try {
    return native.listDir(folder, MAX_ENTRIES).sort();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (!isGone(error)) remarks.push({ about: folder, text: `cannot be listed: ${error.code}` });
    return [];
  }
}

/** A state file of a runtime: garbage, a fifo, too much of it, no right to read it are remarks. */
export function jsonIn(native: LookNative, path: string, remarks: Remark[]): Json | undefined {
  let bytes: Uint8Array;
  try {
    bytes = native.readFile(path, MAX_STATE);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (!isGone(error)) remarks.push({ about: path, text: `cannot be read: ${error.code}` });
    return undefined;
  }
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    remarks.push({ about: path, text: `is no JSON: ${cut(error instanceof Error ? error.message : String(error))}` });
    return undefined;
  }
}

/** The same, where only an object makes sense. */
export function objectIn(native: LookNative, path: string, remarks: Remark[]): JsonObject | undefined {
  const value = jsonIn(native, path, remarks);
  if (value === undefined || isObject(value)) return value;
  remarks.push({ about: path, text: "is JSON, but no object" });
  return undefined;
}

/** Text of a state file, bounded; `undefined` for what is none or empty. */
export const textField = (object: JsonObject | undefined, key: string): string | undefined => {
  const value = object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === "string" && value !== "" ? cut(value) : undefined;
};

export const objectField = (object: JsonObject | undefined, key: string): JsonObject | undefined => {
  const value = object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
  return isObject(value) ? value : undefined;
};

/** A process ID of a state file. */
export const pidField = (object: JsonObject | undefined, key: string): number | undefined => toPid(object?.[key]);

export function toPid(value: unknown): number | undefined {
  const pid = typeof value === "string" ? Number(value.trim()) : value;
  return typeof pid === "number" && Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}
