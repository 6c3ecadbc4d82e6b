import { indented, printable } from "../cli/text.ts";

/** Says what went wrong and, below it, what to do. */
export function say(err: (text: string) => void, { message, remedy }: { message: string; remedy: string }): void {
  const lines = (text: string): string => text.split("\n").map(printable).join("\n");
  err(`tsbox: ${lines(message)}\n${indented(lines(remedy))}`);
}
