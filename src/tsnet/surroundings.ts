import type { Native } from "../../native/addon.ts";
import { loadNative } from "../../native/load.ts";
import { CNI_CODE, CniError } from "../cni/errors.ts";
import type { Plugin } from "../plugin/plugin.ts";
import { type Terminal, terminalOf } from "./terminal.ts";

/** A plugin by the name of its executable, loaded when it is needed. */
export type Catalogue = Readonly<Record<string, () => Promise<Plugin>>>;

/** What the executable holds besides this command; the composition root tells. */
export interface Holdings {
  readonly plugins: Catalogue;
  readonly ipams: Catalogue;
}

/** What a sub-command gets of its process. */
export interface Surroundings extends Holdings {
  readonly native: Native;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The caller's folder; paths on the command line count from it. `undefined` when it is deleted. */
  readonly cwd: string | undefined;
  /** Folder of this executable. */
  readonly ownFolder: string;
  readonly terminal: Terminal;
  out(text: string): void;
  err(text: string): void;
}

export function processSurroundings(holdings: Holdings): Surroundings {
  const native = nativeOrReason();
  const encoder = new TextEncoder();
  let terminal: Terminal | undefined;
  return {
    ...holdings,
    native,
    env: process.env,
    cwd: callersFolder(),
    ownFolder: process.execPath.slice(0, process.execPath.lastIndexOf("/")),
    get terminal() {
      terminal ??= terminalOf(native, process.env, () => process.stdout.columns);
      return terminal;
    },
    out: (text) => native.writeAll(1, encoder.encode(text)),
    err: (text) => native.writeAll(2, encoder.encode(text)),
  };
}

function nativeOrReason(): Native {
  try {
    return loadNative();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CniError(
      CNI_CODE.OPERATION_FAILED,
      `cannot load the addon tsnet.node: ${reason}`,
      "it has to stand beside tsnet-bun and wants glibc 2.31 or later on x86-64",
      { cause: error },
    );
  }
}

/** The launcher says where it was called from before it goes to `/`; without it, this process is there itself. */
function callersFolder(): string | undefined {
  const told = process.env["TSNET_CWD"];
  return told === undefined ? process.cwd() : told || undefined;
}
