import type { Remark } from "./look/index.ts";
import type { Surroundings } from "./surroundings.ts";
import { printable } from "./text.ts";

/** Remarks go to standard error, a line each: what is on standard output is whole without them. */
export function sayRemarks({ err }: Pick<Surroundings, "err">, remarks: readonly Remark[], where?: string): void {
  for (const { about, text } of remarks)
    err(`tsnet: ${printable(where === undefined ? about : `${where}: ${about}`)}: ${printable(text)}\n`);
}
