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
  const widths = heading.map((cell) => Bun.stringWidth(cell));
  for (const row of rows)
    for (const [column, cell] of row.entries()) {
      const width = Bun.stringWidth(cell);
      if (width > (widths[column] ?? 0)) widths[column] = width;
    }
  if (terminal?.columns !== undefined) narrow(widths, terminal.columns - GAP.length * (widths.length - 1));
  const last = heading.length - 1;
  const line = (row: readonly string[]): string => {
    let text = "";
    for (const [column, whole] of row.entries()) {
      const width = widths[column] ?? 0;
      const cell = cutTo(whole, width);
      text += column === last ? cell : cell + " ".repeat(Math.max(0, width - Bun.stringWidth(cell))) + GAP;
    }
    return `${text.trimEnd()}\n`;
  };
  const top = line(heading);
  const head = terminal ? `${styled(terminal, "bold", top.trimEnd())}\n` : top;
  return head + rows.map(line).join("");
}

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
  if (Bun.stringWidth(text) <= width) return text;
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

/** A value as JSON in a line, of ASCII control characters none, also not those above 0x7f that terminals obey. */
export const jsonLine = (value: unknown): string => safeLine(JSON.stringify(value));

/** The same of JSON that is text already. */
export const safeLine = (json: string): string =>
  `${json.replace(/[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
