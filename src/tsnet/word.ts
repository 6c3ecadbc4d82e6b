import { Command } from "commander";

/** A word of the command line, with examples under its help. */
export function word(name: string, description: string, examples: readonly string[]): Command {
  return withExamples(new Command(name).description(description), examples);
}

/** A word that only has words below it. */
export function group(name: string, description: string, example: string, words: readonly Command[]): Command {
  const command = word(name, description, [example]).enablePositionalOptions();
  for (const child of words) command.addCommand(child);
  return command;
}

export function withExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ ${example}\n`).join("");
  return command.addHelpText("after", `\nExample${examples.length === 1 ? "" : "s"}:\n${lines}`);
}
