import { Argument, Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { printable } from "../text.ts";
import { word } from "../word.ts";
import { type Candidate, candidates } from "./candidates.ts";
import { SCRIPTS, type Shell } from "./scripts.ts";

const shells = (): Argument => new Argument("<shell>", "bash, zsh or fish").choices(Object.keys(SCRIPTS));

/** `tsnet completion bash`: the script that a shell reads once. */
export function completionCommand(s: Surroundings): Command {
  return word("completion", "completion of words, names and networks for a shell", [
    "source <(tsnet completion bash)",
    "tsnet completion fish > ~/.config/fish/completions/tsnet.fish",
  ])
    .addArgument(shells())
    .action((shell: Shell) => s.out(SCRIPTS[shell]));
}

/** `tsnet complete`: what those scripts call at every press of the key. */
export function completeCommand(s: Surroundings, program: Command): Command {
  return new Command("complete")
    .description("what could stand in place of the last word; completion scripts call it")
    .addHelpText("after", "\nExample:\n  $ tsnet complete bash link ls --n\n")
    .addArgument(shells())
    .argument("[words...]", "all behind tsnet, the last one as far as it is written")
    .passThroughOptions()
    .allowUnknownOption(false)
    .action((shell: Shell, words: readonly string[]) => {
      const lines = candidates(s, program, words.length === 0 ? [""] : words).map((each) => LINE[shell](each));
      s.out(lines.map((line) => `${line}\n`).join(""));
    });
}

const LINE: Readonly<Record<Shell, (candidate: Candidate) => string>> = {
  bash: ({ value }) => value,
  zsh: ({ value, description }) => `${value.replaceAll(":", "\\:")}:${printable(description)}`,
  fish: ({ value, description }) => `${value}\t${printable(description)}`,
};
