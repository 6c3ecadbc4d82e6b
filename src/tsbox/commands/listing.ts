import { table } from "../../cli/text.ts";

/** Rows below their heading, which is there without any too, as Docker's. */
export const listing = (heading: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? `${heading.join("  ")}\n` : table(heading, rows);
