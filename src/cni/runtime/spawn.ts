import type { Native, RunResult } from "../../../native/addon.ts";
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

/** stdout and stderr together; a program that says more is killed. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * By the addon, with pipes as a runtime gives them: Bun's own children have sockets, which cannot be opened by path
 * (`echo x > /dev/stderr` fails with ENXIO). A program that has exited is over, also when it left another one running that
 * holds its stdout; one that is killed dies with its process group.
 * @param waiting "here" blocks the calling thread (one-shot processes), "aside" waits on a thread of the addon
 */
export function nativeExec(native: Pick<Native, "run" | "runAsync">, waiting: "here" | "aside"): Exec {
  const run = waiting === "here" ? native.run : native.runAsync;
  return async ({ path, env, cwd, stdin, timeoutMs }) => {
    const result = await run(path, [], variablesOf(env), cwd, stdin, timeoutMs ?? -1, MAX_OUTPUT_BYTES);
    return {
      stdout: result.stdout,
      stderr: new TextDecoder().decode(result.stderr),
      failure: failureOf(result, timeoutMs),
    };
  };
}

function variablesOf(env: Environment): string[] {
  const variables: string[] = [];
  for (const name in env) if (env[name] !== undefined) variables.push(`${name}=${env[name]}`);
  return variables;
}

function failureOf({ exitCode, signal, stopped }: RunResult, timeoutMs: number | undefined): string | undefined {
  if (stopped === "timeout") return `no answer within ${timeoutMs} ms`;
  if (stopped === "output") return `killed: more than ${MAX_OUTPUT_BYTES} bytes of output`;
  if (signal !== undefined) return `signal: ${signal}`;
  return exitCode === 0 ? undefined : `exit status ${exitCode}`;
}
