import type { Box, Face, WayOut } from "./model.ts";
import type { Words } from "./words.ts";

/** A box as it is drawn. Coordinates are pixels, from the corner of its unit, later of the picture. */
export interface Rect {
  readonly id: string;
  readonly kind: "host" | "namespace" | "outside";
  readonly title: string;
  readonly subtitle: string;
  x: number;
  y: number;
  readonly width: number;
  readonly height: number;
  readonly rows: readonly Row[];
  /** Parts of the box that wires lead to, from its corner. */
  readonly cells: readonly Frame[];
}

export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line of text that has no place yet. */
export interface Entry {
  readonly text: string;
  /** Whole, when `text` is cut. */
  readonly whole: string;
  readonly kind: "bridge" | "face" | "port" | "note" | "bad";
}

export interface Row extends Entry {
  /** From the corner of the box; the middle of the line. */
  readonly x: number;
  readonly y: number;
}

/** A namespace, or what is beyond the host, with the wires that lead from it to the box it hangs on. */
export interface Tile {
  readonly rect: Rect;
  /** The first leads home. */
  readonly ties: readonly Tie[];
}

export interface Tie {
  /** The face of the other box that it leads to, and the one it is a port of there, or itself. */
  readonly face: string;
  readonly root: string;
  readonly kind: "wire" | "out";
  readonly title: string;
  /** The default route leads over it. */
  readonly wayOut: boolean;
}

export const LINE = 18;
/** Of a character of the monospace face at 12 pixels. */
export const CHAR = 7.25;
export const PAD = 10;
const HEAD = 24;
const MOST_COLUMNS = 100;
/** Words of an interface go on in the next line from here on, so that boxes side by side are narrow. */
const TILE_COLUMNS = 36;
const MOST_TITLE = 48;

export const columnsOf = (text: string): number => Bun.stringWidth(text);

export function cutText(text: string, most = MOST_COLUMNS): string {
  // Cheap for long ones: nothing longer than this is looked at.
  const head = text.slice(0, 4 * most);
  if (head.length === text.length && columnsOf(head) <= most) return text;
  let cut = "";
  for (const char of head) {
    if (columnsOf(cut + char) >= most) break;
    cut += char;
  }
  return `${cut}…`;
}

export function entry(text: string, kind: Entry["kind"]): Entry {
  const plain = text.replace(/\s+/g, (space) => (space.length > 1 ? "  " : " "));
  return { text: cutText(plain), whole: plain, kind };
}

/** Of a box's title, in the middle of which its text stands, and the line below it. */
export const headOf = (box: Pick<Box, "owner">): number => HEAD + (box.owner === "" ? 0 : LINE);

export const widthOf = (texts: readonly string[]): number =>
  Math.ceil(Math.max(0, ...texts.map(columnsOf)) * CHAR) + 2 * PAD;

export const titleOf = (box: Box): string => cutText(`${box.label}${box.own ? " *" : ""}`, MOST_TITLE);
export const subtitleOf = (box: Box): string => cutText(box.owner, MOST_TITLE);

/** The words of an interface in lines of a few columns. @param more goes behind them */
export function wrapped(face: Face, words: Words, kind: Entry["kind"] = "face", indent = "", more = ""): Entry[] {
  const lines: string[] = [];
  for (const piece of [...words.pieces(face), more]) {
    if (piece === "") continue;
    const last = lines.at(-1);
    if (last !== undefined && columnsOf(last) + 2 + columnsOf(piece) <= TILE_COLUMNS)
      lines[lines.length - 1] = `${last}  ${piece}`;
    else lines.push(last === undefined ? indent + piece : `${indent}  ${piece}`);
  }
  return lines.map((line) => entry(line, kind));
}

/** What a tile has to know of the box it hangs on. */
export interface Home {
  readonly id: string;
  /** The face that another one is a port of, or itself. */
  rootOf(face: string): string;
  /** Whether a face has a line of its own there, so that the tile need not tell of it. */
  isTold(face: string): boolean;
}

/** A namespace as a tile: its interfaces, and below each the other end that it is wired to. */
export function tileOf(box: Box, home: Home, words: Words): Tile {
  const ties: Tie[] = [];
  const drawn = new Set<WayOut>();
  const lines: Entry[] = [];
  for (const face of box.faces) {
    lines.push(...wrapped(face, words));
    for (const id of words.others(face.id)) {
      const other = words.faces.get(id);
      if (!other) continue;
      if (other.box.id !== home.id) {
        lines.push(entry(`⇄ ${other.face.name}`, "note"));
        continue;
      }
      const root = home.rootOf(id);
      const ways = box.waysOut.filter(
        ({ face: from, gateway }) => from === face.id && gateway !== undefined && home.rootOf(gateway) === root,
      );
      for (const way of ways) drawn.add(way);
      const via = [...new Set(ways.map((way) => way.via))].join(", ");
      const title = `${face.kind}: ${face.name} – ${other.face.name}${via === "" ? "" : `, default via ${via}`}`;
      ties.push({ face: id, root, kind: "wire", title, wayOut: ways.length > 0 });
      const of = root === id || ties.length === 1 ? "" : ` on ${words.faces.get(root)?.face.name ?? "?"}`;
      if (!home.isTold(id)) lines.push(entry(`⇄ ${words.face(other.face)}${of}`, "note"));
    }
  }
  lines.push(
    ...[...box.waysOut.filter((way) => !drawn.has(way)).map(words.wayOut), ...words.notes(box)].map((text) =>
      entry(text, "note"),
    ),
    ...box.remarks.map((remark) => entry(`${remark.about}: ${remark.text}`, "bad")),
  );
  return { rect: plainRect(box, lines), ties };
}

/** A box with nothing but lines. */
export function plainRect(box: Box, lines: readonly Entry[]): Rect {
  const head = headOf(box);
  const rows = lines.map((line, i): Row => ({ ...line, x: PAD, y: head + LINE * i + LINE / 2 }));
  const [title, subtitle] = [titleOf(box), subtitleOf(box)];
  const width = Math.max(widthOf([`${title}  `, subtitle, ...lines.map(({ text }) => text)]), 120);
  const height = head + LINE * rows.length + PAD / 2;
  const kind = box.host ? "host" : "namespace";
  return { id: box.id, kind, title, subtitle, x: 0, y: 0, width, height, rows, cells: [] };
}

/** What is beyond the host: a gateway, a VXLAN peer. */
export function outsideRect(id: string, name: string): Rect {
  const title = cutText(name, MOST_TITLE);
  return {
    ...{ id, kind: "outside", title, subtitle: "", x: 0, y: 0 },
    ...{ width: widthOf([`${title}  `]), height: LINE + 12, rows: [], cells: [] },
  };
}
