import { UsageError } from "../../cli/usage-error.ts";
import { messageOf } from "../failure.ts";
import { type Node, parseTemplate } from "../format/parse.ts";
import { render, type Value } from "../format/render.ts";
import { type Option, single } from "../options/option.ts";
import type { Surroundings } from "../surroundings.ts";

/** `--format`, also as a letter where Docker has one. */
export function formatOption(proof: string, short?: string): Option<readonly Node[] | undefined> {
  const names = { long: "format", ...(short === undefined ? {} : { short }) };
  const help = "fill in a template such as {{.Names}}, or json";
  return single({ ...names, metavar: "TEMPLATE", help, proof }, (text) =>
    parseTemplate(text === "json" ? "{{json .}}" : text),
  );
}

/** A line for each row. */
export function printRows(s: Surroundings, template: readonly Node[], rows: readonly Value[]): void {
  try {
    for (const row of rows) s.out(`${render(template, row)}\n`);
  } catch (error) {
    throw new UsageError(`the template of --format: ${messageOf(error)}`, "see docs/tsbox.md, Templates");
  }
}
