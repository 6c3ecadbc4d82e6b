import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from "node:fs";

const CHUNK = 1 << 20;

/** Whether two regular files hold the same. */
export function sameBytes(a: string, b: string): boolean {
  if (lstatSync(a).size !== lstatSync(b).size) return false;
  const [x, y] = [openSync(a, "r"), openSync(b, "r")];
  try {
    const [left, right] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
    for (;;) {
      const got = readSync(x, left, 0, CHUNK, null);
      if (got !== readSync(y, right, 0, CHUNK, null)) return false;
      if (got === 0) return true;
      if (!left.subarray(0, got).equals(right.subarray(0, got))) return false;
    }
  } finally {
    closeSync(x);
    closeSync(y);
  }
}

/** Reads a file once, so that the kernel has it at hand. */
export function warm(path: string): void {
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(CHUNK);
    while (readSync(fd, buffer, 0, CHUNK, null) > 0);
  } finally {
    closeSync(fd);
  }
}

/** A copy on the disk, of root's and with this mode. */
export function copyAsRoot(from: string, to: string, mode: number): void {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  chownSync(to, 0, 0);
  chmodSync(to, mode);
  sync(to);
}

/** fsync(2), of a file or a folder. */
export function sync(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Puts a second name on a file (or symbolic link), in place of what has that name; the first name stays all the while. Done
 * again after it was interrupted, it changes nothing.
 */
export function keepUnder(path: string, kept: string): void {
  const [now, before] = [lstatSync(path), lstatSync(kept, { throwIfNoEntry: false })];
  if (before && before.dev === now.dev && before.ino === now.ino) return;
  const temporary = `${kept}.tmp`;
  rmSync(temporary, { force: true });
  linkSync(path, temporary);
  renameSync(temporary, kept);
}
