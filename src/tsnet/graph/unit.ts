import type { Box, Face, Picture } from "./model.ts";
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
}

export interface Row {
  readonly face: string | undefined;
  readonly text: string;
  /** Whole, when `text` is cut. */
  readonly whole: string;
  readonly kind: "bridge" | "face" | "port" | "note" | "bad";
  /** Middle of the line, from the top of the box. */
  readonly y: number;
}

/** A box with those that hang on it alone, beside the rows they are wired to, so that their wires are straight. */
export interface Unit {
  readonly center: Rect;
  readonly leaves: readonly Rect[];
  readonly width: number;
  readonly height: number;
}

export const LINE = 18;
/** Of a character of the monospace face at 12 pixels. */
export const CHAR = 7.25;
const HEAD = 24;
const PAD = 10;
const GAP = 12;
/** Between a box and those that hang on it: room for wires. */
const GUTTER = 70;
const MOST_COLUMNS = 100;

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

/** The box a namespace hangs on, when all its wires lead there; the host and what has ways of its own hang on nothing. */
export function hangsOn(box: Box, words: Words): string | undefined {
  if (box.host || box.faces.some((face) => (face.vxlan?.peers.length ?? 0) > 0)) return undefined;
  const boxes = new Set<string>();
  for (const face of box.faces)
    for (const other of words.others(face.id)) {
      const there = words.faces.get(other)?.box.id;
      if (there !== undefined && there !== box.id) boxes.add(there);
    }
  const [one] = boxes;
  return boxes.size === 1 ? one : undefined;
}

/** Which box each hangs on; of two that hang on each other the first carries. */
export function carriers(picture: Picture, words: Words): Map<string, string> {
  const carried = new Map<string, string>();
  const carrying = new Set<string>();
  for (const box of picture.namespaces) {
    const on = carrying.has(box.id) ? undefined : hangsOn(box, words);
    if (on === undefined || carried.has(on)) continue;
    carried.set(box.id, on);
    carrying.add(on);
  }
  return carried;
}

type Entry = Omit<Row, "y">;

const entry = (text: string, kind: Row["kind"], face?: string): Entry => {
  const plain = text.replace(/\s+/g, (space) => (space.length > 1 ? "  " : " "));
  return { face, text: cutText(plain), whole: plain, kind };
};

function entriesOf(box: Box, words: Words): Entry[] {
  const ports = Map.groupBy(box.faces, (face) => face.master);
  const here = new Set(box.faces.map((face) => face.id));
  const inside = (face: Face): string =>
    words
      .others(face.id)
      .map((id) => words.faces.get(id))
      .filter((other) => other?.box.id === box.id)
      .map((other) => `  ⇄ ${other?.face.name}`)
      .join("");
  const put = (face: Face, depth: number): Entry[] => [
    entry(
      `${"  ".repeat(Math.min(depth, 4))}${words.face(face)}${inside(face)}`,
      face.kind === "bridge" ? "bridge" : depth > 0 ? "port" : "face",
      face.id,
    ),
    ...(ports.get(face.id) ?? []).flatMap((port) => put(port, depth + 1)),
  ];
  return [
    ...box.faces.filter((face) => face.master === undefined || !here.has(face.master)).flatMap((face) => put(face, 0)),
    ...[...box.waysOut.map(words.wayOut), ...words.notes(box)].map((text) => entry(text, "note")),
    ...box.remarks.map((remark) => entry(`${remark.about}: ${remark.text}`, "bad")),
  ];
}

function rectOf(box: Box, rows: readonly Row[], height: number): Rect {
  const title = cutText(`${box.label}${box.own ? " *" : ""}`, 48);
  const subtitle = cutText(box.owner, 48);
  const columns = Math.max(columnsOf(title) + 2, columnsOf(subtitle), ...rows.map((row) => columnsOf(row.text)), 14);
  const kind = box.host ? "host" : "namespace";
  return { id: box.id, kind, title, subtitle, x: 0, y: 0, width: Math.ceil(columns * CHAR) + 2 * PAD, height, rows };
}

const headOf = (box: Box): number => HEAD + (box.owner === "" ? 0 : LINE);

function plainRect(box: Box, words: Words): Rect {
  const head = headOf(box);
  const rows = entriesOf(box, words).map((row, i): Row => ({ ...row, y: head + LINE * i + LINE / 2 }));
  return rectOf(box, rows, head + LINE * rows.length + PAD / 2);
}

/** A box and what hangs on it, placed: rows stand as far apart as the boxes beside them need. */
export function unitOf(box: Box, hanging: readonly Box[], words: Words): Unit {
  const leaves: Rect[] = [];
  const placed = new Set<string>();
  const byId = new Map(hanging.map((each) => [each.id, each]));
  let y = headOf(box);
  const rows = entriesOf(box, words).map((each): Row => {
    let middle = y + LINE / 2;
    let bottom = y + LINE;
    let top = y;
    for (const id of each.face === undefined ? [] : words.others(each.face)) {
      const other = words.faces.get(id);
      const child = other && byId.get(other.box.id);
      if (!child || placed.has(child.id)) continue;
      placed.add(child.id);
      const rect = plainRect(child, words);
      const at = rect.rows.find((row) => row.face === id)?.y ?? HEAD;
      rect.y = top;
      if (top === y) middle = Math.max(middle, rect.y + at);
      top += rect.height + GAP;
      bottom = Math.max(bottom, top);
      leaves.push(rect);
    }
    y = bottom;
    return { ...each, y: middle };
  });
  const height = y + PAD / 2;
  const center = rectOf(box, rows, height);
  const side = Math.max(0, ...leaves.map((leaf) => leaf.width));
  for (const leaf of leaves) leaf.x = side - leaf.width;
  center.x = leaves.length > 0 ? side + GUTTER : 0;
  return { center, leaves, width: center.x + center.width, height };
}
