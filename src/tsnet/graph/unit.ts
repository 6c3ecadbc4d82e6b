import { type Arranged, arrange } from "./arrange.ts";
import type { Box, Face, Picture } from "./model.ts";
import { type Entry, entry, type Home, type Rect, type Tile, tileOf, wrapped } from "./tile.ts";
import type { Words } from "./words.ts";

/** A box with those that hang on it alone, placed around it, and the wires between. */
export interface Unit extends Arranged {
  x: number;
  y: number;
}

/** A part of a box that wires lead to: an interface, with those that are its ports. */
export interface Cell {
  readonly lines: readonly Entry[];
  readonly tiles: readonly Tile[];
  /** Faces that belong to it. */
  readonly faces: readonly string[];
  /** Wires lead from it to boxes that do not hang here. */
  readonly external: boolean;
  /** Its wires are pairs of their own, of which only the way is common. */
  readonly bundle: boolean;
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

/** Something beyond the host that faces lead to. */
export interface Beyond {
  readonly rect: Rect;
  readonly faces: readonly string[];
}

/** So many interfaces with one namespace each are told by these, and not on their own. */
const BUNDLE = 3;

/**
 * @param hanging namespaces that hang on the box
 * @param beyond what else is to stand beside it
 * @param external faces from which wires lead elsewhere
 */
export function unitOf(
  box: Box,
  hanging: readonly Box[],
  words: Words,
  beyond: readonly Beyond[],
  external: ReadonlySet<string>,
): Unit {
  const here = new Map(box.faces.map((face) => [face.id, face]));
  const roots = new Map<string, string>();
  const rootOf = (id: string): string => {
    let [at, steps] = [id, 0];
    for (let up = here.get(at)?.master; up !== undefined && here.has(up) && steps < 16; up = here.get(at)?.master) {
      at = up;
      steps++;
    }
    return at;
  };
  for (const id of here.keys()) roots.set(id, rootOf(id));
  const root = (id: string): string => roots.get(id) ?? id;
  const bundled = bundledFaces(box, hanging, words, root, new Set([...external, ...beyond.flatMap((b) => b.faces)]));
  const wired = new Set(hanging.flatMap((each) => each.faces.flatMap((face) => words.others(face.id))));
  const isTold = (id: string): boolean => root(id) === id && !bundled.has(id);
  const home: Home = { id: box.id, rootOf: root, isTold };
  const tiles = [
    ...beyond.map(({ rect, faces }): Tile => {
      const title = rect.title;
      return { rect, ties: faces.map((face) => ({ face, root: root(face), kind: "out", title, wayOut: false })) };
    }),
    ...hanging.map((each) => tileOf(each, home, words)),
  ];
  const byRoot = Map.groupBy(tiles, ({ ties }) => ties[0]?.root ?? "");
  const ports = Map.groupBy(box.faces, (face) =>
    face.master !== undefined && here.has(face.master) ? face.master : "",
  );
  const lines = (face: Face, depth: number): Entry[] => [
    ...(depth > 0 && wired.has(face.id) && !ports.has(face.id) ? [] : linesOf(face, depth, box, words)),
    ...(depth > 8 ? [] : (ports.get(face.id) ?? [])).flatMap((port) => lines(port, depth + 1)),
  ];
  const cells: Cell[] = [];
  const plain: Entry[] = [];
  for (const face of ports.get("") ?? []) {
    if (bundled.has(face.id)) continue;
    const faces = box.faces.filter((each) => root(each.id) === face.id).map((each) => each.id);
    const leads = faces.some((id) => external.has(id));
    const own = byRoot.get(face.id) ?? [];
    const isWired = faces.some((id) => wired.has(id));
    if (own.length === 0 && !leads && !isWired) plain.push(...lines(face, 0));
    else cells.push({ lines: lines(face, 0), tiles: own, faces, external: leads, bundle: false });
  }
  if (bundled.size > 0) {
    const own = [...bundled].flatMap((id) => byRoot.get(id) ?? []);
    const line = entry(`${own.length} pairs`, "bridge");
    cells.push({ lines: [line], tiles: own, faces: [...bundled], external: false, bundle: true });
  }
  const notes = [
    ...[...box.waysOut.map(words.wayOut), ...words.notes(box)].map((text) => entry(text, "note")),
    ...box.remarks.map((remark) => entry(`${remark.about}: ${remark.text}`, "bad")),
  ];
  return { ...arrange({ box, cells, plain, notes }), x: 0, y: 0 };
}

/** Interfaces that have nothing but a pair to one namespace, if there are several. */
function bundledFaces(
  box: Box,
  hanging: readonly Box[],
  words: Words,
  root: (id: string) => string,
  others: ReadonlySet<string>,
): Set<string> {
  const single = new Set(
    hanging
      .filter((each) => each.faces.reduce((n, face) => n + words.others(face.id).length, 0) === 1)
      .flatMap((each) => each.faces.flatMap((face) => (face.kind === "veth" ? words.others(face.id) : []))),
  );
  const rooted = Map.groupBy(box.faces, (face) => root(face.id));
  const found = box.faces.filter(
    ({ id, kind }) => kind === "veth" && single.has(id) && rooted.get(id)?.length === 1 && !others.has(id),
  );
  return new Set(found.length < BUNDLE ? [] : found.map(({ id }) => id));
}

function linesOf(face: Face, depth: number, box: Box, words: Words): Entry[] {
  const inside = words
    .others(face.id)
    .map((id) => words.faces.get(id))
    .filter((other) => other?.box.id === box.id)
    .map((other) => `⇄ ${other?.face.name}`)
    .join("  ");
  const kind = face.kind === "bridge" ? "bridge" : depth > 0 ? "port" : "face";
  return wrapped(face, words, kind, "  ".repeat(Math.min(depth, 4)), inside);
}
