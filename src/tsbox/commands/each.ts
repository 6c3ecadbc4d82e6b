import { printable } from "../../cli/text.ts";
import { EXIT } from "../failure.ts";
import { asFailure } from "../known-errors.ts";
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
  const one = async (operand: string): Promise<void> => {
    try {
      await work(operand);
      s.out(`${operand}\n`);
    } catch (error) {
      const known = asFailure(error);
      if (!known) throw error;
      failed = true;
      s.err(`tsbox: ${printable(known.message)}\n`);
      if (known.remedy !== "") s.err(`  ${printable(known.remedy)}\n`);
    }
  };
  for (const operand of operands) await one(operand);
  return failed ? EXIT.failed : EXIT.done;
}
