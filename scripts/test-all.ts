/** Everything: the gate, the C tests, the end-to-end tests here and in the virtual machine. `npm test` runs it. */
import { run } from "./command.ts";
import { runGate } from "./gate.ts";
import { netnsFiles, runNetnsTests } from "./netns.ts";
import { closingLine, ONE_FAILED, succeeded, sum, type Tally, tallyOfText } from "./tally.ts";

const C_TESTS_SECONDS = 300;
const VM_SECONDS = 240;

/** A script that ends with a closing line of its own. */
async function runScript(name: string, command: readonly string[], seconds: number): Promise<Tally> {
  const outcome = await run(command, { seconds });
  const tally = tallyOfText(outcome.output, outcome.exitCode);
  const failed = tally.failed > 0;
  console.log(`${failed ? "FAIL" : "ok  "} ${name}: ${closingLine(tally)} (${outcome.seconds.toFixed(1)} s)`);
  if (failed) console.log(outcome.output.trimEnd().replace(/^/gm, "  | "));
  return tally;
}

const parts: readonly [string, () => Promise<Tally>][] = [
  ["gate", runGate],
  ["C core under sanitizers", () => runScript("native/test/run.sh", ["bash", "native/test/run.sh"], C_TESTS_SECONDS)],
  ["end to end", async () => runNetnsTests(await netnsFiles("here"))],
  ["virtual machine", () => runScript("scripts/vm/test.sh", ["bash", "scripts/vm/test.sh"], VM_SECONDS)],
];

const tallies: Tally[] = [];
for (const [name, part] of parts) {
  console.log(`\n== ${name}`);
  tallies.push(
    await part().catch((error: unknown) => {
      console.log(`FAIL ${name}: ${error}`);
      return ONE_FAILED;
    }),
  );
}

const total = sum(tallies);
console.log("");
for (const skipped of total.skipped) console.log(`SKIP ${skipped}`);
console.log(closingLine(total));
process.exit(succeeded(total) ? 0 : 1);
