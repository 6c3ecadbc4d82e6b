import type { Native } from "../../native/addon.ts";
import type { Environment } from "./env.ts";
import { type NetnsState, probeNetns } from "./netns.ts";

/** More on stdin than any configuration has; libcni hands over the whole previous result, some KiB. */
export const MAX_STDIN_BYTES = 16 * 1024 * 1024;

/** The process around a plugin. Reading and writing throw what the addon throws. */
export interface FrameIo {
  readonly env: Environment;
  /** The caller's folder: relative CNI_NETNS and CNI_PATH entries count from it. `undefined` when it is deleted. */
  readonly cwd: string | undefined;
  /** All of stdin, at most `MAX_STDIN_BYTES`. */
  readStdin(): Uint8Array;
  /** All of the text or an error. */
  writeStdout(text: string): void;
  writeStderr(text: string): void;
  probeNetns(path: string): NetnsState;
}

/** The real stderr. */
export function stderrOf(native: Pick<Native, "writeAll">): Pick<FrameIo, "writeStderr"> {
  return { writeStderr: (text) => native.writeAll(2, new TextEncoder().encode(text)) };
}

/** The real thing: the standard streams by the addon's plain reads and writes. */
export function processIo(native: Native, env: Environment, cwd: string | undefined): FrameIo {
  const encoder = new TextEncoder();
  return {
    env,
    cwd,
    readStdin: () => native.readAll(0, MAX_STDIN_BYTES),
    writeStdout: (text) => native.writeAll(1, encoder.encode(text)),
    ...stderrOf(native),
    probeNetns: (path) => probeNetns(native, path),
  };
}

/** What a thrown value says. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** stderr may be closed or full: nothing depends on it. */
export function writeQuietly(io: Pick<FrameIo, "writeStderr">, text: string): void {
  try {
    io.writeStderr(text);
  } catch {
    return;
  }
}
