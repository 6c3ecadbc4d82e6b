/**
 * The end-to-end tests: each file is a process of its own with a time limit, in a network, mount and process namespace of
 * its own. Whatever a file leaves behind, even when it is killed, ends with these and never reaches the machine.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Glob } from "bun";
import { run, runTests } from "./command.ts";
import { closingLine, succeeded, sum, type Tally } from "./tally.ts";

/** `soak` runs the tests' long forms: they look at TSNET_SOAK. */
const SOAK = process.env["TSNET_SOAK"] === "1";
const FILE_SECONDS = Number(process.env["TSNET_FILE_SECONDS"] ?? (SOAK ? 7200 : 240));
const TEST_MS = Number(process.env["TSNET_TEST_MS"] ?? (SOAK ? 3_600_000 : 60_000));

/** Named namespaces are kept out of the machine's /run/netns too. */
const PREPARE = 'ip link set lo up && mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && "$@"; exit $?';
// The shell stays the first process and reaps what loses its parent.
const ISOLATION = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];

/** Files of netns-tests; those named `*.vm.test.ts` run in the virtual machine only. */
export async function netnsFiles(kind: "here" | "vm"): Promise<string[]> {
  const files = await Array.fromAsync(new Glob("netns-tests/**/*.test.ts").scan("."));
  return files.filter((file) => file.endsWith(".vm.test.ts") === (kind === "vm")).sort();
}

export async function runNetnsTests(files: readonly string[]): Promise<Tally> {
  const isolation = [...ISOLATION, "--", "sh", "-c", PREPARE, "sh"];
  const probe = await run([...isolation, "true"], { seconds: 60 });
  if (probe.exitCode !== 0)
    throw new Error(`no namespaces of their own for the tests (unshare): ${probe.output.trim()}`);
  const tallies: Tally[] = [];
  for (const file of files) tallies.push(await runFile(file, isolation));
  return sum(tallies);
}

async function runFile(file: string, prefix: readonly string[]): Promise<Tally> {
  const scratch = await mkdtemp(join(tmpdir(), "tsnet-test-"));
  try {
    const { exitCode, output, seconds, tally } = await runTests([`./${file}`, `--timeout=${TEST_MS}`], {
      seconds: FILE_SECONDS,
      prefix,
      env: { TMPDIR: scratch },
    });
    const failed = tally.failed > 0;
    const note = exitCode === 124 || exitCode === 137 ? `, ended after ${FILE_SECONDS} s` : "";
    console.log(`${failed ? "FAIL" : "ok  "} ${file}: ${closingLine(tally)} (${seconds.toFixed(1)} s${note})`);
    if (failed) console.log(output.trimEnd().replace(/^/gm, "  | "));
    return tally;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const named = process.argv.slice(2);
  const tally = await runNetnsTests(named.length > 0 ? named : await netnsFiles("here"));
  for (const skipped of tally.skipped) console.log(`SKIP ${skipped}`);
  console.log(closingLine(tally));
  process.exit(succeeded(tally) ? 0 : 1);
}
