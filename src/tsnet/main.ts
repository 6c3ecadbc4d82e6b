import { Command } from "commander";
import { isSystemError } from "../../native/load.ts";
import { RELEASE } from "../cni/release.ts";
import { report } from "./report.ts";
import { type Holdings, processSurroundings, type Surroundings } from "./surroundings.ts";
import { withExamples } from "./word.ts";
import { WORDS } from "./words.ts";

/** The command `tsnet`, whole. Gives the exit status: 0 done, 1 the operation failed, 2 the command line was wrong. */
export async function main(args: readonly string[], holdings: Holdings): Promise<number> {
  const json = args.includes("--json");
  let streams = { out: plainly(1), err: plainly(2) };
  try {
    const surroundings = processSurroundings(holdings);
    streams = surroundings;
    await (await commandLine(surroundings, args)).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return brokenPipe(error) ? CUT_OFF : report(error, streams, json);
  }
}

/** Whoever reads what is printed has enough of it, `| head` for one: what SIGPIPE would end with, and no word. */
const CUT_OFF = 141;
const brokenPipe = (error: unknown): boolean => isSystemError(error) && error.op === "write" && error.code === "EPIPE";

/** For the one error that comes before the addon: that it cannot be loaded. */
const plainly = (fd: 1 | 2) => (text: string) => {
  (fd === 1 ? process.stdout : process.stderr).write(text);
};

/**
 * The command line. Nothing is printed or ended by commander itself.
 * @param args when they begin with a word, only that is loaded
 */
export async function commandLine(s: Surroundings, args: readonly string[] = []): Promise<Command> {
  const program = new Command("tsnet")
    .description("Look into, explain and drive the networks of containers.")
    .version(RELEASE, "-V, --version")
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: s.out, writeErr: s.err });
  withExamples(program, ["tsnet ns ls", "tsnet cni list"]);
  const [first = ""] = args;
  const only = Object.hasOwn(WORDS, first) ? WORDS[first] : undefined;
  for (const load of only ? [only] : Object.values(WORDS)) program.addCommand(await load(s));
  if (first === COMPLETE)
    program.addCommand((await import("./completion/index.ts")).completeCommand(s, program), { hidden: true });
  inherit(program, "tsnet");
  return program;
}

/** What completion scripts call: no word for people. */
const COMPLETE = "complete";

/** Sub-commands behave as their parent, and each points to its own help. */
function inherit(command: Command, path: string): void {
  command.showHelpAfterError(`(${path} --help shows how)`);
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inherit(child, `${path} ${child.name()}`);
  }
}
