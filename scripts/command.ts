/** Running other programs from the scripts: their output in one piece, an end in any case. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "bun";
import { type Tally, tallyOf } from "./tally.ts";

export interface Outcome {
  /** 124 when the time was up; 128 + the signal's number when one ended it. */
  readonly exitCode: number;
  /** Standard output and error, in the order they were written. */
  readonly output: string;
  readonly seconds: number;
}

/** Runs a command through timeout(1), which ends the command's whole process group. Standard input is empty. */
export async function run(
  command: readonly string[],
  options: { seconds: number; env?: Record<string, string>; live?: boolean },
): Promise<Outcome> {
  const start = performance.now();
  const child = spawn(["sh", "-c", 'exec timeout -k 2 "$@" 2>&1', "sh", String(options.seconds), ...command], {
    stdin: "ignore",
    stdout: "pipe",
    env: { ...process.env, ...options.env },
  });
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (options.live) process.stdout.write(chunk);
  }
  const exitCode = await child.exited;
  return { exitCode, output, seconds: (performance.now() - start) / 1000 };
}

/** Runs `bun test` with the arguments, behind `prefix`, and counts what it did. */
export async function runTests(
  args: readonly string[],
  options: { seconds: number; prefix?: readonly string[]; env?: Record<string, string>; live?: boolean },
): Promise<Outcome & { tally: Tally }> {
  const folder = await mkdtemp(join(tmpdir(), "tsnet-report-"));
  const report = join(folder, "junit.xml");
  try {
    const outcome = await run(
      [
        ...(options.prefix ?? []),
        process.execPath,
        "test",
        ...args,
        "--reporter=junit",
        `--reporter-outfile=${report}`,
      ],
      options,
    );
    const xml = await readFile(report, "utf8").catch(() => undefined);
    return { ...outcome, tally: tallyOf(xml, outcome.output, outcome.exitCode) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
