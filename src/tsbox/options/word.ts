import type { Surroundings } from "../surroundings.ts";
import type { Options, Values } from "./option.ts";

/** What a command is, but for what it does: all that parser, help and the page of options need. */
export interface WordShape<O extends Options = Options> {
  /** As it is typed: `run`, `system gc`. */
  readonly name: string;
  /** Operands as help shows them: `IMAGE [COMMAND] [ARG...]`. */
  readonly usage: string;
  readonly help: string;
  readonly options: O;
  /** How many operands there may be. */
  readonly operands: { readonly min: number; readonly max: number };
  readonly stopAtOperand?: boolean;
}

/** One command. `run` gives the exit status. */
export interface Word<O extends Options = Options> extends WordShape<O> {
  run(values: Values<O>, operands: readonly string[], s: Surroundings): Promise<number>;
}

/** Keeps the types of a command's own options, and forgets them for the table of commands. */
export const word = <O extends Options>(value: Word<O>): Word => value;
