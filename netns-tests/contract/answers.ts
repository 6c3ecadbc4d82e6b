import { PluginFailure } from "../support/plugin.ts";

/** The CNI code an operation fails with. */
export async function codeOf(work: Promise<unknown>): Promise<number | undefined> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PluginFailure) return error.code;
    throw error;
  }
  throw new Error("expected a failure");
}
