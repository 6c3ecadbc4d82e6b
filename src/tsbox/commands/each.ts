import { EXIT } from "../failure.ts";
import { asFailure } from "../known-errors.ts";
import { OutputClosed } from "../output.ts";
import { say } from "../say.ts";
import type { Surroundings } from "../surroundings.ts";

/**
 * Does something with each of the operands, printing each when it is done; what fails is said and does not stop the others.
 * Exit status 1 when something failed.
 */
export async function each(
  s: Surroundings,
  operands: readonly string[],
  work: (operand: string) => Promise<unknown>,
): Promise<number> {
  let failed = false;
  let closed: OutputClosed | undefined;
  const one = async (operand: string): Promise<void> => {
    try {
      await work(operand);
      s.out(`${operand}\n`);
    } catch (error) {
      // What was asked for is done, whoever reads of it.
      if (error instanceof OutputClosed) {
        closed = error;
        return;
      }
      const known = asFailure(error);
      if (!known) throw error;
      failed = true;
      say(s.err, known);
    }
  };
  for (const operand of operands) await one(operand);
  if (closed !== undefined) throw closed;
  return failed ? EXIT.failed : EXIT.done;
}
