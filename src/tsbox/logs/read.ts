/** A line of Docker's json-file: `{"log":"text\n","stream":"stdout","time":"…"}`. */
export interface LogLine {
  readonly log: string;
  readonly stream: "stdout" | "stderr";
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
}

/** What a power cut left half written is no line. */
export function parseLine(text: string): LogLine | undefined {
  try {
    const { log, stream, time } = JSON.parse(text) as Partial<LogLine>;
    if (typeof log !== "string" || typeof time !== "string") return undefined;
    return { log, stream: stream === "stderr" ? "stderr" : "stdout", time };
  } catch {
    return undefined;
  }
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
