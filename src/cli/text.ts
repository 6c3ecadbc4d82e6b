import { styled, type Terminal } from "./terminal.ts";

const GAP = "  ";
/** How narrow cells may get, first and at last. */
const MIN_CELLS = [8, 4] as const;

/**
 * Rows as lines, each column as wide as its widest cell, two spaces between; no heading for no rows. In a terminal that is too
 * narrow the widest cells are cut; elsewhere everything is there.
 */
export function table(heading: readonly string[], rows: readonly (readonly string[])[], terminal?: Terminal): string {
  if (rows.length === 0) return "";
  if (terminal?.columns !== undefined) {
    const columns = used(heading, rows);
    if (columns.length < heading.length) {
      const only = (row: readonly string[]): string[] => columns.map((column) => row[column] ?? "");
      return table(only(heading), rows.map(only), terminal);
    }
  }
  const widths = heading.map(columnsOf);
  // In long lists most cells are as the one above, which is cheap to see.
  let above: readonly string[] = [];
  for (const row of rows) {
    for (let column = 0; column < row.length; column++) {
      const cell = row[column] ?? "";
      if (cell === above[column]) continue;
      const width = columnsOf(cell);
      if (width > (widths[column] ?? 0)) widths[column] = width;
    }
    above = row;
  }
  if (terminal?.columns !== undefined) narrow(widths, terminal.columns - GAP.length * (widths.length - 1));
  const last = heading.length - 1;
  /** Cells of the line above, and as they were written. */
  const cells: string[] = [];
  const written: string[] = [];
  const line = (row: readonly string[]): string => {
    // Where the line ends: cells at its end may be empty.
    let end = row.length - 1;
    while (end > 0 && row[end] === "") end--;
    let text = "";
    for (let column = 0; column <= end; column++) {
      const cell = row[column] ?? "";
      if (cell !== cells[column]) {
        cells[column] = cell;
        written[column] = padded(cutTo(cell, widths[column] ?? 0), column === last ? 0 : (widths[column] ?? 0));
      }
      text += column === 0 ? written[column] : GAP + written[column];
    }
    return `${text.trimEnd()}\n`;
  };
  const top = line(heading);
  let text = terminal ? `${styled(terminal, "bold", top.trimEnd())}\n` : top;
  for (const row of rows) text += line(row);
  return text;
}

/** A row of a long list, whose other cells are often the very ones of the row before. */
export interface SharedRow {
  readonly first: string;
  readonly rest: readonly string[];
}

/** A table outside a terminal, as `table` makes it, where most rows differ from the one above in nothing but the first cell. */
export function sharedTable(heading: readonly string[], rows: readonly SharedRow[]): string {
  const [title = "", ...titles] = heading;
  if (rows.length === 0) return "";
  let width = columnsOf(title);
  const widths = titles.map(columnsOf);
  const endings = new Map<readonly string[], string>();
  for (const { first, rest } of rows) {
    width = Math.max(width, columnsOf(first));
    if (endings.has(rest)) continue;
    endings.set(rest, "");
    for (let i = 0; i < rest.length; i++) widths[i] = Math.max(widths[i] ?? 0, columnsOf(rest[i] ?? ""));
  }
  const ending = (rest: readonly string[]): string =>
    rest
      .map((cell, i) => GAP + (i === rest.length - 1 ? cell : padded(cell, widths[i] ?? 0)))
      .join("")
      .trimEnd();
  let text = `${(padded(title, width) + ending(titles)).trimEnd()}\n`;
  for (const rest of endings.keys()) endings.set(rest, ending(rest));
  for (const { first, rest } of rows) {
    const written = endings.get(rest) ?? "";
    text += `${written === "" ? first.trimEnd() : padded(first, width) + written}\n`;
  }
  return text;
}

const padded = (cell: string, width: number): string => cell + " ".repeat(Math.max(0, width - columnsOf(cell)));

const PLAIN = /^[\x20-\x7e]*$/;

/** How many columns of a terminal a text takes. */
const columnsOf = (text: string): number => (PLAIN.test(text) ? text.length : Bun.stringWidth(text));

/** Takes from the widest column until all fit, or none can give any more. */
function narrow(widths: number[], room: number): void {
  let surplus = widths.reduce((sum, width) => sum + width, 0) - room;
  for (const least of MIN_CELLS)
    while (surplus > 0) {
      const widest = widths.indexOf(Math.max(...widths));
      const width = widths[widest] ?? 0;
      if (width <= least) break;
      const next = Math.max(least, ...widths.filter((w) => w < width));
      const give = Math.min(surplus, Math.max(1, width - next));
      widths[widest] = width - give;
      surplus -= give;
    }
}

/** Columns that have anything in them; in a terminal the others only take room. */
function used(heading: readonly string[], rows: readonly (readonly string[])[]): number[] {
  return [...heading.keys()].filter((column) => rows.some((row) => (row[column] ?? "") !== ""));
}

/** Text cut to so many columns, the last of them `…`. */
export function cutTo(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  if (PLAIN.test(text)) return `${text.slice(0, Math.max(0, width - 1))}…`;
  let cut = "";
  for (const char of text) {
    if (Bun.stringWidth(cut + char) >= width) break;
    cut += char;
  }
  return `${cut}…`;
}

/** `1 port`, `3 ports`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** Every line of a text two spaces further in; ends with a line break unless it is empty. */
export const indented = (text: string): string =>
  text === "" ? "" : `${text.trimEnd().replaceAll(/^(?=.)/gm, "  ")}\n`;

/**
 * Text that came from elsewhere, safe for a terminal: control characters as `\xNN`, and as `\u{…}` what turns the direction of
 * text, breaks lines or cannot be seen.
 */
export const printable = (text: string): string =>
  text.replace(
    /[\x00-\x1f\x7f-\x9f]|[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (c) => {
      const code = c.charCodeAt(0);
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
    },
  );

/** A value as JSON, of ASCII control characters none, also not those above 0x7f that terminals obey. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** The same as a line. */
export const jsonLine = (value: unknown): string => `${jsonText(value)}\n`;
