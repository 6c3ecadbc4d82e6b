import { isSystemError } from "../../../native/load.ts";
import { printable } from "../../cli/text.ts";
import { UsageError } from "../../cli/usage-error.ts";
import { CgroupError } from "../cgroup/error.ts";
import { EXIT, Failure } from "../failure.ts";
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
      if (!isForeseen(error)) throw error;
      failed = true;
      s.err(`tsbox: ${printable(error.message)}\n`);
      if (error instanceof Failure && error.remedy !== "") s.err(`  ${printable(error.remedy)}\n`);
    }
  };
  for (const operand of operands) await one(operand);
  return failed ? EXIT.failed : EXIT.done;
}

const isForeseen = (error: unknown): error is Error =>
  error instanceof Failure || error instanceof CgroupError || error instanceof UsageError || isSystemError(error);
