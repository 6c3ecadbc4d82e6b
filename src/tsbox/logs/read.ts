import type { Native } from "../../../native/addon.ts";
import { unless } from "../store/files.ts";

/** A line of Docker's json-file: `{"log":"text\n","stream":"stdout","time":"…"}`. */
export interface LogLine {
  readonly log: string;
  readonly stream: "stdout" | "stderr";
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
}

type LogFiles = Pick<Native, "stat" | "readAt">;

const PIECE = 256 * 1024;
/** The helper splits lines at 16 KiB; in JSON a byte may take six. */
const MAX_LINE = 1024 * 1024;

/** A file read from a place on, as far as it goes; asked again it gives what was added. */
export class LogReader {
  readonly #files: LogFiles;
  #path: string;
  #offset = 0;
  #rest = new Uint8Array();

  constructor(files: LogFiles, path: string) {
    this.#files = files;
    this.#path = path;
  }

  /** The rest of the file, which has another name by now. */
  *moved(path: string): Generator<LogLine> {
    this.#path = path;
    yield* this.more();
  }

  /** Whole lines that came since. */
  *more(): Generator<LogLine> {
    for (;;) {
      const piece = unless(["ENOENT"], () => this.#files.readAt(this.#path, this.#offset, PIECE));
      if (piece === undefined || piece.length === 0) return;
      this.#offset += piece.length;
      let bytes = Buffer.concat([this.#rest, piece]);
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
        const line = parseLine(bytes.subarray(0, end).toString());
        if (line !== undefined) yield line;
        bytes = bytes.subarray(end + 1);
      }
      this.#rest = new Uint8Array(bytes.length <= MAX_LINE ? bytes : []);
    }
  }
}

/** What a power cut left half written is no line. */
function parseLine(text: string): LogLine | undefined {
  try {
    const { log, stream, time } = JSON.parse(text) as Partial<LogLine>;
    if (typeof log !== "string" || typeof time !== "string") return undefined;
    return { log, stream: stream === "stderr" ? "stderr" : "stdout", time };
  } catch {
    return undefined;
  }
}

/** How many rotated files there may be: `path.1` is the youngest. */
const MAX_ROTATED = 100;

/** The rotated files of a log that are there, the oldest first. */
export function rotatedFiles(files: Pick<Native, "stat">, path: string): string[] {
  const found: string[] = [];
  for (let n = 1; n <= MAX_ROTATED && files.stat(`${path}.${n}`, false) !== undefined; n++)
    found.unshift(`${path}.${n}`);
  return found;
}

/** Which lines are wanted; times in milliseconds since 1970. */
export interface Wanted {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly tail?: number | undefined;
}

export function isWanted({ time }: LogLine, { since, until }: Wanted): boolean {
  const at = Date.parse(time);
  return (since === undefined || at >= since) && (until === undefined || at <= until);
}

/** The lines that are there, of which the last `tail`. */
export function lastLines(lines: Iterable<LogLine>, wanted: Wanted): LogLine[] {
  const { tail = Number.POSITIVE_INFINITY } = wanted;
  const kept: LogLine[] = [];
  for (const line of lines) {
    if (!isWanted(line, wanted)) continue;
    kept.push(line);
    // Cut back now and then, not each time.
    if (kept.length > 2 * tail + 1000) kept.splice(0, kept.length - tail);
  }
  return tail >= kept.length ? kept : kept.slice(kept.length - tail);
}
