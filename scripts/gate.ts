/** The gate: what must hold before a commit, without root and well under a minute. `npm run check` runs it. */
import { existsSync } from "node:fs";
import { type Outcome, run, runTests } from "./command.ts";
import { closingLine, ONE_FAILED, ONE_PASSED, succeeded, sum, type Tally } from "./tally.ts";

const STEP_SECONDS = 300;
/** A machine that is busy with other things is slow, not wrong. */
const TEST_MS = 60_000;
const UNIT_TEST_FOLDERS = ["./src", "./plugins", "./ipam", "./native", "./scripts"];

interface Step {
  readonly name: string;
  /** What to do when it fails. */
  readonly hint: string;
  readonly run: () => Promise<Outcome & { tally: Tally }>;
}

const command = (name: string, hint: string, args: readonly string[]): Step => ({
  name,
  hint,
  run: async () => {
    const outcome = await run(args, { seconds: STEP_SECONDS });
    return { ...outcome, tally: outcome.exitCode === 0 ? ONE_PASSED : ONE_FAILED };
  },
});

const bun = process.execPath;

const addon = command("addon and launcher", "bash native/build.sh", [
  "flock",
  "native/build.sh",
  "bash",
  "native/build.sh",
]);

const statics: readonly Step[] = [
  command("format and lint", "npx biome check --write", ["node_modules/.bin/biome", "ci", "--colors=off"]),
  command("types", "npx tsc -p .", ["node_modules/.bin/tsc", "-p", ".", "--pretty", "false"]),
  command("layers", "docs/architecture.md", [bun, "scripts/check-layers.ts"]),
  command("constants", "CONTRIBUTING.md, Constants", [bun, "scripts/check-constants.ts"]),
];

const unitTests: Step = {
  name: "unit and property tests",
  hint: "scripts/bun test FILE",
  run: () =>
    runTests([...UNIT_TEST_FOLDERS.filter(existsSync), "--only-failures", `--timeout=${TEST_MS}`], {
      seconds: STEP_SECONDS,
    }),
};

/** Runs one step and says how it went; a failed step's output follows at once. */
async function report(step: Step): Promise<Tally> {
  const { exitCode, output, seconds, tally } = await step.run();
  const failed = tally.failed > 0;
  const note = exitCode === 124 ? `, ended after ${STEP_SECONDS} s` : "";
  console.log(
    `${failed ? "FAIL" : "ok  "} ${step.name} (${seconds.toFixed(1)} s${note})${failed ? `: ${step.hint}` : ""}`,
  );
  if (failed) console.log(output.trimEnd().replace(/^/gm, "  | "));
  return tally;
}

/** The addon first, for the tests that load it; the rest beside each other. */
export async function runGate(): Promise<Tally> {
  const others = statics.map(report);
  const built = await report(addon);
  const tested = await report(unitTests);
  return sum([built, tested, ...(await Promise.all(others))]);
}

if (import.meta.main) {
  const tally = await runGate();
  for (const skipped of tally.skipped) console.log(`SKIP ${skipped}`);
  console.log(closingLine(tally));
  process.exit(succeeded(tally) ? 0 : 1);
}
