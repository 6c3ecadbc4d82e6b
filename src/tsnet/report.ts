import { CommanderError } from "commander";
import { CNI_CODE, CniError } from "../cni/errors.ts";
import { encodeJson } from "../cni/json.ts";
import { errnoCode, toCniError } from "../plugin/errors.ts";
import { indented, printable } from "./text.ts";
import { UsageError } from "./usage-error.ts";

/** Exit statuses: 0 done, 1 the operation failed, 2 the command line was wrong. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Something failed, and what was printed says so already; exit status 1. */
export class Unsuccessful extends Error {
  override readonly name = "Unsuccessful";
}

/** A failure with an exit status of its own, where the meaning of one is given: a command that is run for somebody. */
export class ExitStatus extends CniError {
  readonly exitStatus: number;

  constructor(exitStatus: number, message: string, details: string) {
    super(CNI_CODE.OPERATION_FAILED, message, details);
    this.exitStatus = exitStatus;
  }
}

/** Where messages go. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

/**
 * Says what went wrong and gives the exit status. With `json` the failure is an object on stdout, as a CNI plugin prints it.
 * What is no error of the operation is a bug and thrown on.
 */
export function report(error: unknown, { out, err }: Streams, json: boolean): number {
  // Commander has printed its own message; help and version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof Unsuccessful) return EXIT.failed;
  if (error instanceof UsageError) {
    err(`tsnet: ${printable(error.message)}\n${indented(error.remedy)}`);
    return EXIT.usage;
  }
  const known = lacksRights(error) ?? toCniError(error);
  if (!known) throw error;
  if (json) out(`${encodeJson(errorObject(known))}\n`);
  else err(errorText(known));
  return known instanceof ExitStatus ? known.exitStatus : EXIT.failed;
}

export const NEEDS_ROOT = "this needs root: sudo tsnet …";

/** The kernel refused what only root may do; `undefined` for everything else, and for root. */
function lacksRights(error: unknown): CniError | undefined {
  const code = errnoCode(error);
  if ((code !== "EPERM" && code !== "EACCES") || process.geteuid?.() === 0 || !(error instanceof Error))
    return undefined;
  return new CniError(CNI_CODE.OPERATION_FAILED, error.message, NEEDS_ROOT, { cause: error });
}

/** The object of the CNI specification 1.1.0, "Error". */
export const errorObject = ({ code, message, details }: CniError) => ({
  code,
  msg: message,
  ...(details === "" ? {} : { details }),
});

const printableLines = (text: string): string => text.split("\n").map(printable).join("\n");

export const errorText = (error: CniError): string =>
  `tsnet: ${printableLines(error.message)} (code ${error.code})\n${indented(printableLines(error.details))}`;
