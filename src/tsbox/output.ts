import type { Native } from "../../native/addon.ts";
import { isSystemError } from "../../native/load.ts";
import { Failure } from "./failure.ts";

/** Nobody reads standard output any more. Nothing to be said about: the command ends as one that SIGPIPE has ended. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** 128 + SIGPIPE, as the shell shows it. */
export const CLOSED_STATUS = 141;

/** Writes a text to a standard stream. What is said beside a result, to standard error, may be lost: nothing depends on it. */
export function writer(native: Pick<Native, "writeAll">, fd: 1 | 2): (text: string) => void {
  const encoder = new TextEncoder();
  return (text) => {
    try {
      native.writeAll(fd, encoder.encode(text));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (fd === 2) return;
      if (error.code === "EPIPE") throw new OutputClosed();
      throw new Failure(`cannot write to standard output: ${error.message}`, remedyFor(error.code), { cause: error });
    }
  };
}

const remedyFor = (code: string): string =>
  code === "EBADF" ? "it is closed; open it, or send it to /dev/null" : "look where it leads: tsbox … >FILE";
