import type { Picture } from "./model.ts";
import { CHAR, carriers, columnsOf, cutText, LINE, type Rect, type Unit, unitOf } from "./unit.ts";
import { type Words, wordsFor } from "./words.ts";

/** A picture with a place for everything. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly rects: readonly Rect[];
  readonly lines: readonly Line[];
}

export interface Line {
  readonly points: readonly Point[];
  readonly kind: "wire" | "out";
  readonly title: string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

const MARGIN = 16;
const SPACE = 40;
/** Beyond that the layout library is not asked: boxes stand below one another. */
const MOST_UNITS = 400;

/** What is beyond the host: a gateway, a VXLAN peer. */
interface Outside {
  readonly unit: Unit;
  readonly faces: readonly string[];
}

export async function layOut(picture: Picture): Promise<Drawing> {
  const words = wordsFor(picture);
  const carried = carriers(picture, words);
  const hanging = Map.groupBy(
    picture.namespaces.filter((box) => carried.has(box.id)),
    (box) => carried.get(box.id) ?? "",
  );
  const units = picture.namespaces
    .filter((box) => !carried.has(box.id))
    .map((box) => unitOf(box, hanging.get(box.id) ?? [], words));
  const outsides = outsidesOf(picture, carried);
  const all = [...units, ...outsides.map(({ unit }) => unit)];
  const unitAt = new Map(all.flatMap((unit) => [unit.center, ...unit.leaves].map((rect) => [rect.id, unit] as const)));
  const boxOf = (face: string): string => words.faces.get(face)?.box.id ?? "";
  const between: [Unit, Unit][] = [];
  const link = (a: Unit | undefined, b: Unit | undefined): void => {
    if (a && b && a !== b) between.push([a, b]);
  };
  for (const { from, to } of picture.wires) link(unitAt.get(boxOf(from)), unitAt.get(boxOf(to)));
  for (const { unit, faces } of outsides) for (const face of faces) link(unitAt.get(boxOf(face)), unit);
  const size = await place(all, between);
  const rects = all.flatMap((unit) => [unit.center, ...unit.leaves]);
  return { ...size, rects, lines: linesOf(picture, words, rects, outsides) };
}

function outsidesOf(picture: Picture, carried: ReadonlyMap<string, string>): Outside[] {
  const found = new Map<string, string[]>();
  const put = (name: string, face: string): void => {
    const faces = found.get(name);
    if (faces) faces.push(face);
    else found.set(name, [face]);
  };
  for (const box of picture.namespaces) {
    if (!carried.has(box.id))
      for (const { via, face, gateway } of box.waysOut)
        if (gateway === undefined && face !== undefined) put(via === undefined ? "beyond" : `gateway ${via}`, face);
    for (const { id, vxlan } of box.faces) {
      const peers = vxlan?.peers ?? [];
      if (peers.length > MOST_PEERS) put(`${peers.length} VXLAN peers`, id);
      else for (const peer of peers) put(`VXLAN peer ${peer}`, id);
    }
  }
  return [...found].map(([name, faces], i) => {
    const title = cutText(name, 48);
    const [width, height] = [Math.ceil((columnsOf(title) + 2) * CHAR) + 20, LINE + 12];
    const center: Rect = {
      id: `outside${i}`,
      kind: "outside",
      title,
      subtitle: "",
      x: 0,
      y: 0,
      width,
      height,
      rows: [],
    };
    return { unit: { center, leaves: [], width, height }, faces };
  });
}

const MOST_PEERS = 12;

/** Places units so that those that are linked stand near; moves their boxes there. Gives the picture's size. */
async function place(units: readonly Unit[], between: readonly [Unit, Unit][]) {
  const linked = new Set(between.flat());
  const graph = units.filter((unit) => linked.has(unit));
  const rest = units.filter((unit) => !linked.has(unit));
  let [width, bottom] = [0, MARGIN];
  if (graph.length > MOST_UNITS) rest.unshift(...graph);
  else if (graph.length > 0) {
    const size = await withDagre(graph, between);
    width = size.width + 2 * MARGIN;
    bottom = size.height + MARGIN + SPACE;
  }
  // Those without a wire, in rows as wide as the rest.
  const room = Math.max(width, 1_200, ...rest.map((unit) => unit.width));
  let [x, tallest] = [MARGIN, 0];
  for (const unit of rest) {
    if (x > MARGIN && x + unit.width > room) {
      bottom += tallest + SPACE / 2;
      [x, tallest] = [MARGIN, 0];
    }
    move(unit, x, bottom);
    x += unit.width + SPACE / 2;
    width = Math.max(width, x);
    tallest = Math.max(tallest, unit.height);
  }
  return { width: Math.ceil(width), height: Math.ceil(bottom + tallest + MARGIN) };
}

async function withDagre(units: readonly Unit[], between: readonly [Unit, Unit][]) {
  const { Graph, layout } = await import("@dagrejs/dagre");
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: SPACE / 2, ranksep: 2 * SPACE });
  graph.setDefaultEdgeLabel(() => ({}));
  const ids = new Map(units.map((unit) => [unit, unit.center.id]));
  for (const [unit, id] of ids) graph.setNode(id, { width: unit.width, height: unit.height });
  for (const [a, b] of between) {
    const [from, to] = [ids.get(a), ids.get(b)];
    if (from !== undefined && to !== undefined && !graph.hasEdge(to, from)) graph.setEdge(from, to);
  }
  layout(graph);
  let [width, height] = [0, 0];
  for (const [unit, id] of ids) {
    const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
    move(unit, MARGIN + x - unit.width / 2, MARGIN + y - unit.height / 2);
    width = Math.max(width, x + unit.width / 2);
    height = Math.max(height, y + unit.height / 2);
  }
  return { width, height };
}

function move({ center, leaves }: Unit, x: number, y: number): void {
  for (const rect of [center, ...leaves]) {
    rect.x = Math.round(rect.x + x);
    rect.y = Math.round(rect.y + y);
  }
}

function linesOf(picture: Picture, words: Words, rects: readonly Rect[], outsides: readonly Outside[]): Line[] {
  const at = new Map<string, { rect: Rect; y: number }>();
  for (const rect of rects)
    for (const row of rect.rows) if (row.face !== undefined) at.set(row.face, { rect, y: rect.y + row.y });
  const lines: Line[] = [];
  for (const [i, { kind, from, to }] of picture.wires.entries()) {
    const [a, b] = [at.get(from), at.get(to)];
    if (!a || !b || a.rect === b.rect) continue;
    const title = `${kind}: ${words.faces.get(from)?.face.name} – ${words.faces.get(to)?.face.name}`;
    lines.push({ kind: "wire", title, points: joined(a, b, i, rects) });
  }
  for (const { unit, faces } of outsides)
    for (const face of faces) {
      const a = at.get(face);
      const b = { rect: unit.center, y: unit.center.y + unit.center.height / 2 };
      if (a) lines.push({ kind: "out", title: unit.center.title, points: joined(a, b, lines.length, rects) });
    }
  return lines;
}

/** From side to side with two bends between, where no box is in the way if there is such a place. */
export function joined(a: End, b: End, i: number, rects: readonly Rect[]): Point[] {
  const [left, right] = a.rect.x <= b.rect.x ? [a, b] : [b, a];
  const from = { x: left.rect.x + left.rect.width, y: left.y };
  const to = { x: right.rect.x, y: right.y };
  if (from.y === to.y && from.x <= to.x) return [from, to];
  // Each wire bends at a place of its own, so that they can be told apart.
  const track = 8 + ((3 * i) % TRACKS) * 6;
  const end = { x: right.rect.x + right.rect.width, y: right.y };
  const ways =
    from.x > to.x
      ? [bent(from, Math.max(from.x, end.x) + track, end)]
      : [
          bent(from, from.x + Math.min(track, (to.x - from.x) / 2), to),
          bent(from, to.x - Math.min(track, (to.x - from.x) / 2), to),
          bent(from, Math.max(from.x, end.x) + track, end),
        ];
  return ways.find((way) => !rects.some((rect) => isCrossed(rect, way))) ?? ways[0] ?? [from, to];
}

interface End {
  readonly rect: Rect;
  readonly y: number;
}

const TRACKS = 10;
const bent = (from: Point, x: number, to: Point): Point[] => [from, { x, y: from.y }, { x, y: to.y }, to];

/** Whether a line of level and upright pieces goes through a box; its edge does not count. */
export const isCrossed = ({ x, y, width, height }: Rect, points: readonly Point[]): boolean =>
  points.some((b, i) => {
    const a = points[i - 1];
    return (
      a !== undefined &&
      Math.max(a.x, b.x) > x &&
      Math.min(a.x, b.x) < x + width &&
      Math.max(a.y, b.y) > y &&
      Math.min(a.y, b.y) < y + height
    );
  });
