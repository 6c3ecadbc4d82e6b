import type { Native } from "../../../native/addon.ts";
import { unless } from "../store/files.ts";
import { type LogLine, parseLine } from "./read.ts";

type LogFiles = Pick<Native, "stat" | "readAt">;

const PAUSE_MS = 50;
const PIECE = 256 * 1024;
/** The helper splits lines at 16 KiB; in JSON a byte may take six. */
const MAX_LINE = 1024 * 1024;
/** How many rotated files there may be: `path.1` is the youngest. */
const MAX_ROTATED = 100;

/**
 * All lines of a log from the oldest rotated file on; then, as long as `goesOn` says so, what is added. Files are known by
 * their inodes, and each piece counts only when its file still had that name after it was read: between any two calls the
 * log may be rotated, also more than once.
 */
export class LogFollower {
  readonly #files: LogFiles;
  readonly #path: string;
  #inode: bigint | undefined;
  #offset = 0;
  #rest: Uint8Array = new Uint8Array();

  constructor(files: LogFiles, path: string) {
    this.#files = files;
    this.#path = path;
  }

  /** What is there. */
  *present(): Generator<LogLine> {
    for (let piece = this.#next(); piece !== undefined; piece = this.#next()) yield* this.#lines(piece);
  }

  async *added(goesOn: () => boolean): AsyncGenerator<LogLine> {
    for (let last = false; !last; ) {
      // Asked before reading: what was written before the end is read after it.
      last = !goesOn();
      yield* this.present();
      if (!last) await Bun.sleep(PAUSE_MS);
    }
  }

  /** The next bytes; `undefined` when there are none yet. */
  #next(): Uint8Array | undefined {
    for (;;) {
      const index = this.#locate();
      if (index === undefined) return undefined;
      const path = this.#pathOf(index);
      const piece = unless(["ENOENT"], () => this.#files.readAt(path, this.#offset, PIECE));
      const younger = index > 0 ? this.#inodeOf(index - 1) : undefined;
      if (this.#inodeOf(index) !== this.#inode || piece === undefined) continue;
      if (piece.length > 0) {
        this.#offset += piece.length;
        return piece;
      }
      if (younger === undefined) return undefined;
      this.#begin(younger);
    }
  }

  /** Where the file that is being read is now: 0 is the log itself. The oldest when none is, or when it was removed. */
  #locate(): number | undefined {
    let oldest: number | undefined;
    for (let index = 0; index <= MAX_ROTATED; index++) {
      const inode = this.#inodeOf(index);
      if (inode === undefined && index > 0) break;
      if (inode === undefined) continue;
      if (inode === this.#inode) return index;
      oldest = index;
    }
    const inode = oldest === undefined ? undefined : this.#inodeOf(oldest);
    if (inode !== undefined) this.#begin(inode);
    return inode === undefined ? undefined : oldest;
  }

  #begin(inode: bigint): void {
    this.#inode = inode;
    this.#offset = 0;
    this.#rest = new Uint8Array();
  }

  #pathOf(index: number): string {
    return index === 0 ? this.#path : `${this.#path}.${index}`;
  }

  #inodeOf(index: number): bigint | undefined {
    return this.#files.stat(this.#pathOf(index), false)?.ino;
  }

  /** Whole lines; what follows the last line break waits for its end. */
  *#lines(piece: Uint8Array): Generator<LogLine> {
    let bytes = Buffer.concat([this.#rest, piece]);
    const whole = bytes.lastIndexOf(10) + 1;
    for (const text of bytes.subarray(0, whole).toString().split("\n")) {
      const line = text === "" ? undefined : parseLine(text);
      if (line !== undefined) yield line;
    }
    bytes = bytes.subarray(whole);
    this.#rest = bytes.length <= MAX_LINE ? bytes : new Uint8Array();
  }
}
