import { Command, CommanderError } from "commander";
import type { CniError } from "../cni/errors.ts";
import { encodeJson } from "../cni/json.ts";
import { RELEASE } from "../cni/release.ts";
import { toCniError } from "../plugin/errors.ts";
import { cniCommand } from "./cni.ts";
import { processSurroundings, type Surroundings, UsageError } from "./surroundings.ts";

/** Exit statuses: 0 done, 1 the operation failed, 2 the command line was wrong. */
export async function main(args: readonly string[]): Promise<number> {
  const surroundings = processSurroundings();
  const program = new Command("tsnet")
    .description("Look into, explain and drive the networks of containers.")
    .version(RELEASE, "-V, --version")
    .showHelpAfterError("(tsnet --help shows the commands)")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err });
  program.addCommand(cniCommand(surroundings));
  inherit(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, surroundings, args.includes("--json"));
  }
}

/** Sub-commands behave as their parent: errors are thrown, output goes the same way. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inherit(child);
  }
}

function report(error: unknown, { out, err }: Surroundings, json: boolean): number {
  // Commander has printed its own message; help and version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    err(`tsnet: ${error.message}\n  ${error.remedy}\n`);
    return 2;
  }
  const known = toCniError(error);
  if (!known) throw error;
  if (json) out(`${encodeJson(errorObject(known))}\n`);
  else err(`tsnet: ${known.message} (code ${known.code})\n${indent(known.details)}`);
  return 1;
}

const errorObject = ({ code, message, details }: CniError) => ({
  code,
  msg: message,
  ...(details === "" ? {} : { details }),
});

const indent = (text: string): string => (text === "" ? "" : text.replaceAll(/^/gm, "  ").concat("\n"));
