import type { Native } from "../../native/addon.ts";
import { loadNative } from "../../native/load.ts";
import { Failure, messageOf } from "./failure.ts";
import { writer } from "./output.ts";
import { type Places, placesOf } from "./store/places.ts";

/** What a command gets of its process. */
export interface Surroundings {
  readonly native: Native;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The caller's folder; paths on the command line count from it. `undefined` when it is deleted. */
  readonly cwd: string | undefined;
  /** Folder of this executable and of the helper. */
  readonly ownFolder: string;
  readonly places: Places;
  /** Milliseconds since 1970. */
  now(): number;
  /** Throws OutputClosed when nobody reads it. */
  out(text: string): void;
  err(text: string): void;
}

export function processSurroundings(): Surroundings {
  const native = nativeOrReason();
  const told = process.env["TSNET_CWD"];
  return {
    native,
    env: process.env,
    cwd: told === undefined ? process.cwd() : told || undefined,
    ownFolder: process.execPath.slice(0, process.execPath.lastIndexOf("/")),
    places: placesOf(process.env),
    now: Date.now,
    out: writer(native, 1),
    err: writer(native, 2),
  };
}

function nativeOrReason(): Native {
  try {
    return loadNative();
  } catch (error) {
    const remedy = "it has to stand beside tsnet-bun and wants glibc 2.31 or later on x86-64";
    throw new Failure(`cannot load the addon tsnet.node: ${messageOf(error)}`, remedy, { cause: error });
  }
}
