import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { type Files, isErrno, readIfThere } from "./files.ts";
import type { Layout } from "./layout.ts";

/** Long enough for a hundred calls at once, short enough that the runtime's own limit (minutes) is not the one that ends it. */
export const DEFAULT_LOCK_TIMEOUT_MS = 30_000;

/**
 * Takes the network's lock, the one the reference takes; `closeFd` releases it, and so does the end of the process. Makes
 * the folder when it is absent (a clean-up at boot may remove it at any time). CniError 11 after `timeoutMs`.
 */
export async function lockNetwork(files: Files, layout: Layout, timeoutMs: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await take(files, layout.lock, timeoutMs);
    } catch (error) {
      if (isErrno(error, "ENOENT") && attempt < 4) {
        files.makeDirs(layout.leases, 0o755);
        continue;
      }
      if (isErrno(error, "ETIMEDOUT")) throw held(files, layout, timeoutMs, error);
      throw error;
    }
  }
}

/** The plain call first: the lock is nearly always free, and a thread costs more than the whole rest. */
async function take(files: Files, path: string, timeoutMs: number): Promise<number> {
  try {
    return files.lockFile(path, 0);
  } catch (error) {
    if (!isErrno(error, "ETIMEDOUT") || timeoutMs <= 0) throw error;
    return await files.lockFileAsync(path, timeoutMs);
  }
}

function held(files: Files, layout: Layout, timeoutMs: number, cause: unknown): CniError {
  const holder = lockHolder(files, layout.lock);
  const who = holder === undefined ? "a process that /proc/locks does not show" : holder;
  return new CniError(
    CNI_CODE.TRY_AGAIN_LATER,
    `Cannot lock the leases of network "${layout.network}" within ${timeoutMs} ms`,
    `${layout.lock} is held by ${who}; try again, or end it if it hangs`,
    { cause },
  );
}

/** Who holds a flock(2) on the file: `process 1234 (host-local)`. From /proc/locks (proc_locks(5)). */
function lockHolder(files: Files, path: string): string | undefined {
  try {
    const file = files.stat(path, true);
    const locks = readIfThere(files, "/proc/locks", 16 << 20);
    if (file === undefined || locks === undefined) return undefined;
    const major = ((file.dev >> 8n) & 0xfffn) | ((file.dev >> 32n) & ~0xfffn);
    const minor = (file.dev & 0xffn) | ((file.dev >> 12n) & 0xffff_ff00n);
    const hex = (value: bigint): string => value.toString(16).padStart(2, "0");
    const wanted = `${hex(major)}:${hex(minor)}:${file.ino}`;
    for (const line of locks.split("\n")) {
      // 1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF; waiting ones have "->" in second place
      const [, kind, , , pid, where] = line.trim().split(/\s+/);
      if (kind !== "FLOCK" || where !== wanted || pid === undefined) continue;
      const name = readIfThere(files, `/proc/${pid}/comm`, 256)?.trim();
      return name === undefined ? `process ${pid}` : `process ${pid} (${name})`;
    }
  } catch (error) {
    if (!(error instanceof Error && "errno" in error)) throw error;
  }
  return undefined;
}
