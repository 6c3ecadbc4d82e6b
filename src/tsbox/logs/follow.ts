import type { Native } from "../../../native/addon.ts";
import { type LogLine, LogReader, rotatedFiles } from "./read.ts";

const PAUSE_MS = 50;

/**
 * All lines of a log, the rotated files first; then, as long as `goesOn` says so, what is added. When the file is rotated
 * its rest is read from where it went.
 */
export class LogFollower {
  readonly #files: Pick<Native, "stat" | "readAt">;
  readonly #path: string;
  #reader: LogReader;
  #inode: bigint | undefined;

  constructor(files: Pick<Native, "stat" | "readAt">, path: string) {
    this.#files = files;
    this.#path = path;
    this.#reader = new LogReader(files, path);
  }

  *present(): Generator<LogLine> {
    for (const path of rotatedFiles(this.#files, this.#path)) yield* new LogReader(this.#files, path).more();
    this.#inode = this.#files.stat(this.#path, false)?.ino;
    yield* this.#reader.more();
  }

  async *added(goesOn: () => boolean): AsyncGenerator<LogLine> {
    for (let last = false; !last; ) {
      // Asked before reading: what was written before the end is read after it.
      last = !goesOn();
      const inode = this.#files.stat(this.#path, false)?.ino;
      if (this.#inode !== undefined && inode !== undefined && inode !== this.#inode) {
        yield* this.#reader.moved(`${this.#path}.1`);
        this.#reader = new LogReader(this.#files, this.#path);
      }
      this.#inode = inode ?? this.#inode;
      yield* this.#reader.more();
      if (!last) await Bun.sleep(PAUSE_MS);
    }
  }
}
