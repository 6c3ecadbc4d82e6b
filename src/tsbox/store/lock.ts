import type { Fd } from "../../../native/addon.ts";
import { isSystemError } from "../../../native/load.ts";
import { Failure } from "../failure.ts";
import type { Files } from "./files.ts";

/** A lock in the file system, held by this process until it is given up or ends. */
export interface Lock {
  /** While it is held: whoever inherits it holds the lock as well. */
  readonly fd: Fd | undefined;
  release(): void;
}

/** How long a command waits for another one on the same container. */
const WAIT_MS = 30_000;

/**
 * Takes the lock of `what`; a Failure when another process does not give it up in time. The file is made and never unlinked
 * but with all that it guards.
 */
export function lock(files: Files, path: string, what: string, timeoutMs = WAIT_MS): Lock {
  const taken = tryLock(files, path, timeoutMs);
  if (taken === undefined)
    throw new Failure(
      `another tsbox command has been busy with ${what} for ${timeoutMs / 1000} s`,
      `try again later; who holds the lock: fuser -v ${path}`,
    );
  return taken;
}

/** The same, but `undefined` when it cannot be had. */
export function tryLock(files: Files, path: string, timeoutMs = 0): Lock | undefined {
  let fd: Fd | undefined;
  try {
    fd = files.lockFile(path, timeoutMs);
  } catch (error) {
    if (isSystemError(error) && error.code === "ETIMEDOUT") return undefined;
    throw error;
  }
  return {
    get fd() {
      return fd;
    },
    release() {
      if (fd !== undefined) files.closeFd(fd);
      fd = undefined;
    },
  };
}

/** Runs `work` with the lock held. */
export function withLock<T>(files: Files, path: string, what: string, work: () => T): T {
  const held = lock(files, path, what);
  try {
    return work();
  } finally {
    held.release();
  }
}
