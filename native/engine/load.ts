/** Stands for `native/load.ts` in the plugins' engine, where the functions are a global variable (scripts/bundle.ts). */
import type { Native, SystemError } from "../addon.ts";

declare const native: Native;

export function loadNative(): Native {
  return native;
}

export function isSystemError(e: unknown): e is SystemError {
  return e instanceof Error && "op" in e && "errno" in e && "code" in e && typeof e.errno === "number";
}
