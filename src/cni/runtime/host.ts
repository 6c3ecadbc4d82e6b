import type { Native } from "../../../native/addon.ts";
import type { Environment } from "../env.ts";
import type { Exec } from "./spawn.ts";

/** The file functions a runtime needs; those of the addon, so that a plugin need not load `node:fs`. */
export type RuntimeFiles = Pick<Native, "stat" | "readFile" | "replaceFile" | "removeFile" | "makeDirs" | "listDir">;

/** Where plugins are executed from: all that the runtime's side knows of the process it runs in. */
export interface RuntimeHost {
  readonly files: RuntimeFiles;
  readonly exec: Exec;
  /** What executed plugins inherit; the CNI variables are put on top. */
  readonly env: Environment;
  /** The folder plugins start in; `undefined` for that of this process. */
  readonly cwd: string | undefined;
  /** Takes what plugins wrote to stderr, as it came. */
  forwardStderr(text: string): void;
  sleep(milliseconds: number): Promise<void>;
}

/** A runtime's settings: where plugins are found and where attachments are remembered. */
export interface Runtime {
  readonly host: RuntimeHost;
  /** Folders, searched in order. */
  readonly cniPath: readonly string[];
  /** Finds a plugin's executable for a host that has plugins built in; `cniPath` is searched without it. */
  readonly find?: ((type: string) => string) | undefined;
  /** Default of libcni: `/var/lib/cni`. */
  readonly cacheDir: string;
}

export const DEFAULT_CACHE_DIR = "/var/lib/cni";
export const DEFAULT_CONFIG_DIR = "/etc/cni/net.d";
