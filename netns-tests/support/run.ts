/** What a finished command left behind. */
export interface Ran {
  /** Exit code; 128 + signal when it was killed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array | undefined;
  /** The whole environment; the caller's own by default. */
  readonly env?: Record<string, string> | undefined;
  readonly cwd?: string | undefined;
  /** Killed after that; 15 s by default. */
  readonly timeoutMs?: number | undefined;
}

/** Runs a command to its end, whatever its exit code. */
export async function run(cmd: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const timeoutMs = options.timeoutMs ?? 15_000;
  const child = Bun.spawn([...cmd], {
    stdin: options.stdin === undefined ? "ignore" : new Blob([options.stdin]),
    stdout: "pipe",
    stderr: "pipe",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    ...(options.env && { env: options.env }),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const late = child.signalCode === "SIGKILL" ? `\n(killed; time limit ${timeoutMs} ms)` : "";
  return { code, stdout, stderr: stderr + late };
}

/** Runs a command that must succeed; its stdout. */
export async function must(cmd: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run(cmd, options);
  if (ran.code !== 0) throw new Error(`${cmd.join(" ")}: exit ${ran.code}\n${ran.stderr}${ran.stdout}`);
  return ran.stdout;
}

/** Lower-case letters and digits, safe in names of links, namespaces and containers. */
export function randomName(prefix: string, length = 6): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return prefix + Array.from(bytes, (byte) => "abcdefghijklmnopqrstuvwxyz012345"[byte & 31]).join("");
}
