import { printable } from "../../cli/text.ts";
import { reconcile } from "../container/reconcile.ts";
import type { Surroundings } from "../surroundings.ts";

/** What every command on containers does first: puts right what killed ones left, and says what it could not. */
export async function ready(s: Surroundings): Promise<void> {
  for (const problem of await reconcile(s)) s.err(`tsbox: ${printable(problem)}\n`);
}
