import { UsageError } from "../cli/usage-error.ts";
import { overview, resolveWord } from "./commands/index.ts";
import { EXIT } from "./failure.ts";
import { asFailure } from "./known-errors.ts";
import { helpText } from "./options/help.ts";
import { parseOptions } from "./options/parse.ts";
import { CLOSED_STATUS, OutputClosed } from "./output.ts";
import { say } from "./say.ts";
import { processSurroundings, type Surroundings } from "./surroundings.ts";

/** The command `tsbox`, whole. Gives the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  // Everything made here has the mode it is made with, whatever the caller's habit.
  process.umask(0o022);
  let err = (text: string): void => {
    process.stderr.write(text);
  };
  try {
    const s = processSurroundings();
    err = s.err;
    return await dispatch(args, s);
  } catch (error) {
    return report(error, err);
  }
}

export async function dispatch(args: readonly string[], s: Surroundings): Promise<number> {
  const [first] = args;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    s.out(overview());
    return first === undefined ? EXIT.failed : EXIT.done;
  }
  const { load, used } = resolveWord(first === "--version" || first === "-v" ? ["version"] : args);
  const word = await load();
  const stopAtOperand = word.stopAtOperand ?? false;
  const { values, operands, help } = parseOptions(word.options, args.slice(used), {
    command: word.name,
    stopAtOperand,
  });
  if (help) {
    s.out(helpText(word));
    return EXIT.done;
  }
  const { min, max } = word.operands;
  if (operands.length < min || operands.length > max)
    throw new UsageError(
      `tsbox ${word.name} takes ${word.usage === "" ? "no operands" : word.usage}, and there ${operands.length === 1 ? "is 1" : `are ${operands.length}`}`,
      `see tsbox ${word.name} --help`,
    );
  return await word.run(values, operands, s);
}

/** Says what went wrong and gives the exit status; what was not foreseen is a bug and thrown on. */
function report(error: unknown, err: (text: string) => void): number {
  if (error instanceof UsageError) {
    say(err, error);
    return EXIT.launcher;
  }
  if (error instanceof OutputClosed) return CLOSED_STATUS;
  const known = asFailure(error);
  if (!known) throw error;
  say(err, known);
  return known.status;
}
