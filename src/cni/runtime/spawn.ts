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

/** By Bun's own means; other processes and timers of this one go on meanwhile. */
export const bunExec: Exec = async ({ path, env, cwd, stdin, timeoutMs }) => {
  const child = Bun.spawn([path], {
    env: { ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdin,
    stdout: "pipe",
    stderr: "pipe",
    killSignal: "SIGKILL",
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  });
  const [stdout, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
  return { stdout, stderr, failure: failureOf(child.exitCode, child.signalCode) };
};

function failureOf(exitCode: number | null, signal: string | number | null): string | undefined {
  if (signal !== null) return `signal: ${signal}`;
  return exitCode === 0 ? undefined : `exit status ${exitCode}`;
}
