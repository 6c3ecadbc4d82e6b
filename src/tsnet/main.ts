import { Command } from "commander";
import { RELEASE } from "../cni/release.ts";
import { cniCommand } from "./cni/index.ts";
import { completeCommand, completionCommand } from "./completion/index.ts";
import { gcCommand } from "./gc/index.ts";
import { installCommand, uninstallCommand } from "./install/index.ts";
import { ipamCommand } from "./ipam/index.ts";
import { listCommands } from "./list/index.ts";
import { nsCommand } from "./ns/index.ts";
import { overlayCommand } from "./overlay/index.ts";
import { portsCommand } from "./ports/index.ts";
import { repairCommand } from "./repair/index.ts";
import { report } from "./report.ts";
import { type Holdings, processSurroundings, type Surroundings } from "./surroundings.ts";
import { withExamples } from "./word.ts";

/** The command `tsnet`, whole. Gives the exit status: 0 done, 1 the operation failed, 2 the command line was wrong. */
export async function main(args: readonly string[], holdings: Holdings): Promise<number> {
  const json = args.includes("--json");
  let streams = { out: plainly(1), err: plainly(2) };
  try {
    const surroundings = processSurroundings(holdings);
    streams = surroundings;
    await commandLine(surroundings).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, streams, json);
  }
}

/** For the one error that comes before the addon: that it cannot be loaded. */
const plainly = (fd: 1 | 2) => (text: string) => {
  (fd === 1 ? process.stdout : process.stderr).write(text);
};

/** All words. Nothing is printed or ended by commander itself. */
export function commandLine(s: Surroundings): Command {
  const program = new Command("tsnet")
    .description("Look into, explain and drive the networks of containers.")
    .version(RELEASE, "-V, --version")
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: s.out, writeErr: s.err });
  withExamples(program, ["tsnet ns ls", "tsnet cni list"]);
  const words = [
    nsCommand(s),
    ...listCommands(s),
    cniCommand(s),
    ipamCommand(s),
    portsCommand(s),
    repairCommand(s),
    gcCommand(s),
    overlayCommand(s),
    installCommand(s),
    uninstallCommand(s),
    completionCommand(s),
  ];
  for (const word of words) program.addCommand(word);
  program.addCommand(completeCommand(s, program), { hidden: true });
  inherit(program, "tsnet");
  return program;
}

/** Sub-commands behave as their parent, and each points to its own help. */
function inherit(command: Command, path: string): void {
  command.showHelpAfterError(`(${path} --help shows how)`);
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inherit(child, `${path} ${child.name()}`);
  }
}
