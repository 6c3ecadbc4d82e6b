import { table } from "../../cli/text.ts";
import type { Option } from "./option.ts";
import type { WordShape } from "./word.ts";

/** The text of `tsbox WORD --help`. */
export function helpText(word: WordShape): string {
  const options = Object.values(word.options);
  const rows = options.toSorted((a, b) => (a.long < b.long ? -1 : 1)).map((o) => [`  ${spelling(o)}`, o.help]);
  const listed = rows.length === 0 ? "" : `\nOptions:\n${table(["", ""], rows).replace(/^\s*\n/, "")}`;
  return `Usage: tsbox ${word.name}${options.length > 0 ? " [OPTIONS]" : ""}${word.usage === "" ? "" : ` ${word.usage}`}\n\n${word.help}\n${listed}`;
}

/** `-m, --memory SIZE` */
export function spelling(option: Option<unknown>): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  return `${short}--${option.long}${option.metavar === undefined ? "" : ` ${option.metavar}`}`;
}
