import type { Native } from "../../../native/addon.ts";

/** What the plugins' engine has beside the addon's functions (native/engine/own.c). */
export interface Host extends Native {
  /** `NAME=value`, as the process was given them. */
  environment(): string[];
  /** Argument 0. */
  name(): string;
  /** The path of the engine's executable. */
  executable(): string;
  exit(code: number): never;
  /** Blocks; whole milliseconds. */
  sleep(ms: number): void;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** At most 256 bytes of getrandom(2). */
  random(count: number): Uint8Array;
  /** Hex digits (FIPS 180-4). */
  sha256(data: Uint8Array): string;
  sha512(data: Uint8Array): string;
  /** UTF-8; `undefined` for a text with NUL or with half a surrogate pair. */
  encode(text: string): Uint8Array | undefined;
  /** `undefined` for what is no UTF-8 or has a NUL. */
  decode(bytes: Uint8Array): string | undefined;
  /** Where `needle` begins in `length` bytes from `offset` of a buffer that nobody writes to any more; or -1. */
  indexOf(buffer: ArrayBufferLike, offset: number, length: number, needle: Uint8Array): number;
}

declare global {
  /** A global variable inside the engine, and there only. */
  var native: Host;
}
