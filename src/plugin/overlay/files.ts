import type { Native } from "../../../native/addon.ts";
import { isSystemError } from "../../../native/load.ts";

/** What an overlay needs of the addon beside the kernel: the files that tell it of hosts, and its lock. */
export type Files = Pick<Native, "readFile" | "listDir" | "lockFile" | "lockFileAsync" | "closeFd" | "makeDirs">;

/** Whether the addon threw one of these errnos. */
export const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  isSystemError(error) && codes.includes(error.code);

/** ASCII text; other bytes become `?`. For files whose form has no others. */
export function asciiOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : "?";
  return text;
}
