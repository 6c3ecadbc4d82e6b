import type { Command } from "commander";
import { isSystemError } from "../../../native/load.ts";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { CannotOpen, openNamespace } from "../look/index.ts";
import { ExitStatus } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { lookFor, NS_HELP } from "../target.ts";
import { word } from "../word.ts";

export function execCommand(s: Surroundings): Command {
  return word("exec", "run a command in a namespace", ["tsnet ns exec blue ip addr", "tsnet ns exec 4711 ss -tln"])
    .argument("<ns>", NS_HELP)
    .argument("<command>", "searched in PATH")
    .argument("[args...]", "its arguments, whatever they look like")
    .passThroughOptions()
    .addHelpText(
      "after",
      "\nOnly the network is the namespace's: files, processes and /sys stay those of the caller. Exit status is the command's;\n127 when there is none of that name, 126 when it cannot be executed.",
    )
    .action(async (name: string, command: string, args: readonly string[]) => {
      const { ns } = lookFor(s, name);
      const kernel = await openNamespace(s, ns).catch((error: unknown) => {
        if (!(error instanceof CannotOpen)) throw error;
        throw new CniError(CNI_CODE.INVALID_NETNS, `cannot enter "${name}": ${error.message}`, "", { cause: error });
      });
      const env = Object.entries(s.env)
        .filter(([key, value]) => value !== undefined && !key.startsWith("TSNET_"))
        .map(([key, value]) => `${key}=${value}`);
      let refused: unknown;
      for (const path of candidates(s.env["PATH"], command)) {
        try {
          s.native.exec(kernel.netns, path, [command, ...args], env, s.cwd);
        } catch (error) {
          if (!isSystemError(error)) throw error;
          // Neither is about the command.
          if (error.op === "chdir" || error.op === "setns") throw error;
          if (refused === undefined || error.code !== "ENOENT") refused = error;
        }
      }
      const code = isSystemError(refused) ? refused.code : "ENOENT";
      throw new ExitStatus(
        code === "ENOENT" || code === "ENOTDIR" ? 127 : 126,
        `cannot execute "${command}": ${code === "ENOENT" ? "no such command" : code}`,
        "look into PATH, or write the path of the file",
      );
    });
}

const candidates = (path: string | undefined, command: string): string[] =>
  command.includes("/")
    ? [command]
    : (path ?? "/usr/bin:/bin").split(":").map((folder) => `${folder || "."}/${command}`);
