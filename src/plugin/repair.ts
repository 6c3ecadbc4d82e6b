import { CNI_CODE, CniError } from "../cni/errors.ts";

/** A part of an attachment: how to tell that something of it is missing, and how to make it. */
export interface RepairPart {
  /** For people: `masquerading of 10.1.0.5/24`. */
  readonly name: string;
  /** Throws CniError 101 (`checkFailed`) naming what is missing, as CHECK does. */
  check(): Promise<void>;
  restore(): Promise<unknown>;
}

/** Restores the parts whose check fails, in their order, and checks them again. Gives what was missing, a phrase each. */
export async function restoreMissing(
  parts: readonly RepairPart[],
  { dryRun }: { readonly dryRun: boolean },
): Promise<string[]> {
  const missing: string[] = [];
  for (const { name, check, restore } of parts) {
    const problem = await problemOf(check);
    if (problem === undefined) continue;
    missing.push(`${name}: ${problem}`);
    if (dryRun) continue;
    await restore();
    await check();
  }
  return missing;
}

/** What a check found, or nothing; other errors are thrown on. */
async function problemOf(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof CniError && error.code === CNI_CODE.CHECK_FAILED) return error.message;
    throw error;
  }
}
