import type { Environment } from "../env.ts";

/** One execution of a program. */
export interface ProcessCall {
  /** Absolute, or relative to `cwd`. */
  readonly path: string;
  readonly env: Environment;
  readonly cwd: string | undefined;
  readonly stdin: Uint8Array;
  /** After this the program is killed; `undefined` waits for ever, as libcni does. */
  readonly timeoutMs: number | undefined;
}

export interface ProcessOutput {
  readonly stdout: Uint8Array;
  readonly stderr: string;
  /** `exit status 1`, `signal: SIGKILL`, `no answer within 5000 ms`; `undefined` for success. */
  readonly failure: string | undefined;
}

/** Executes a program to its end. Throws an error with an errno's name in `code` (ENOENT, EACCES, ETXTBSY …) if it cannot begin. */
export type Exec = (call: ProcessCall) => Promise<ProcessOutput>;

/**
 * By Bun's own means; other processes and timers of this one go on meanwhile. The program is over when it has exited and
 * nobody holds its stdout and stderr any more, as for libcni; a killed one is over at once.
 *
 * Bun gives a child sockets where others give pipes: reading and writing are the same, but opening `/dev/stdout` or
 * `/dev/stderr` anew (as `echo x > /dev/stderr` does) fails with ENXIO.
 */
export const bunExec: Exec = async ({ path, env, cwd, stdin, timeoutMs }) => {
  const options = { env: { ...env }, stdin, stdout: "pipe", stderr: "pipe" } as const;
  const child = Bun.spawn([path], cwd === undefined ? options : { ...options, cwd });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const ended = Promise.all([stdout.ended, stderr.ended, child.exited]);
  const inTime = timeoutMs === undefined ? await always(ended) : await within(ended, timeoutMs);
  if (!inTime) {
    child.kill("SIGKILL");
    await Promise.all([stdout.stop(), stderr.stop()]);
  }
  const failure = inTime ? failureOf(child.exitCode, child.signalCode) : `no answer within ${timeoutMs} ms`;
  return { stdout: stdout.bytes(), stderr: new TextDecoder().decode(stderr.bytes()), failure };
};

async function always(ended: Promise<unknown>): Promise<true> {
  await ended;
  return true;
}

/** Whether it ended before the time was up. */
async function within(ended: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const { promise: timeUp, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  try {
    return await Promise.race([always(ended), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a stream to its end, or until it is told to stop. */
function collect(stream: ReadableStream<Uint8Array>): {
  ended: Promise<void>;
  stop(): Promise<void>;
  bytes(): Uint8Array;
} {
  const chunks: Uint8Array[] = [];
  const reader = stream.getReader();
  const read = async (): Promise<void> => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
  };
  return { ended: read(), stop: () => reader.cancel(), bytes: () => Bun.concatArrayBuffers(chunks, Infinity, true) };
}

function failureOf(exitCode: number | null, signal: string | number | null): string | undefined {
  if (signal !== null) return `signal: ${signal}`;
  return exitCode === 0 ? undefined : `exit status ${exitCode}`;
}
