import { loadNative } from "../../../native/load.ts";

/** The few things one does with cgroup files; the kernel's, or a stand-in's that behaves like it. Errors carry `code`. */
export interface CgroupFiles {
  /** Whole text. */
  read(path: string): string;
  /** One write(2): the kernel takes each as a value of its own. */
  write(path: string, value: string): void;
  /** Makes one folder; EEXIST when it is there. */
  makeDir(path: string): void;
  /** rmdir(2): EBUSY while processes or children are in it. */
  removeDir(path: string): void;
  exists(path: string): boolean;
  /** Names of the folders in a folder. */
  folders(path: string): string[];
}

/** memory.stat, the longest, has a few kilobytes; cgroup.procs of ten thousand processes 80. */
const MAX_FILE = 4 << 20;
/** More children than this is not a machine's normal state. */
const MAX_ENTRIES = 100_000;

export function kernelFiles(): CgroupFiles {
  const native = loadNative();
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  return {
    read: (path) => decoder.decode(native.readFile(path, MAX_FILE)),
    write: (path, value) => native.writeAt(path, 0, encoder.encode(value), 0o600, false),
    makeDir: (path) => native.makeDir(path, 0o755),
    removeDir: (path) => native.removeDir(path),
    exists: (path) => native.stat(path, false) !== undefined,
    folders: (path) =>
      native.listDir(path, MAX_ENTRIES).filter((name) => native.stat(`${path}/${name}`, false)?.kind === "directory"),
  };
}
