import type { Box, Picture } from "./model.ts";
import { outsideRect, type Rect } from "./tile.ts";
import { type Beyond, carriers, type Unit, unitOf } from "./unit.ts";
import type { Gate, Line, Point } from "./wires.ts";
import { wordsFor } from "./words.ts";

/** A picture with a place for everything. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly rects: readonly Rect[];
  readonly lines: readonly Line[];
}

const MARGIN = 16;
const SPACE = 40;
/** Beyond that the layout library is not asked: boxes stand below one another. */
const MOST_UNITS = 400;
/** Rows of what has no wire are at least that wide. */
const ROOM = 1_200;

/** A wire between units: a face of either, or nothing for what is beyond the host. */
interface Between {
  readonly from: Unit;
  readonly to: Unit;
  readonly gates: readonly [Gate, Gate];
  readonly kind: Line["kind"];
  readonly title: string;
}

export async function layOut(picture: Picture): Promise<Drawing> {
  const words = wordsFor(picture);
  const carried = carriers(picture, words);
  const hanging = Map.groupBy(
    picture.namespaces.filter((box) => carried.has(box.id)),
    (box) => carried.get(box.id) ?? "",
  );
  const boxOf = (face: string): string => words.faces.get(face)?.box.id ?? "";
  /** The box whose unit a face is drawn in. */
  const unitId = (face: string): string => carried.get(boxOf(face)) ?? boxOf(face);
  const external = new Set<string>();
  for (const { from, to } of picture.wires)
    if (words.faces.has(from) && words.faces.has(to) && unitId(from) !== unitId(to)) external.add(from).add(to);
  // What is beyond one box stands beside it; what several lead to, between them.
  const beyond = beyondOf(picture, carried);
  const own = Map.groupBy(beyond, ({ faces }) => (new Set(faces.map(unitId)).size === 1 ? unitId(faces[0] ?? "") : ""));
  const shared = own.get("") ?? [];
  for (const { faces } of shared) for (const face of faces) external.add(face);

  const units = new Map<string, Unit>();
  const inOrder = (a: Box, b: Box): number => Number(b.host) - Number(a.host);
  for (const box of picture.namespaces.filter(({ id }) => !carried.has(id)).sort(inOrder))
    units.set(box.id, unitOf(box, hanging.get(box.id) ?? [], words, own.get(box.id) ?? [], external));

  const between: Between[] = [];
  for (const { kind, from, to } of picture.wires) {
    const [a, b] = [units.get(unitId(from)), units.get(unitId(to))];
    const [p, q] = [a?.gates.get(from), b?.gates.get(to)];
    if (!a || !b || a === b || !p || !q) continue;
    const title = `${kind}: ${words.faces.get(from)?.face.name} – ${words.faces.get(to)?.face.name}`;
    between.push({ from: a, to: b, gates: [p, q], kind: "wire", title });
  }
  const others = shared.map(({ rect, faces }): Unit => {
    const { width, height } = rect;
    const unit = { center: rect, leaves: [], lines: [], width, height, gates: new Map(), x: 0, y: 0 };
    const gate = { y: height / 2, left: 0, right: width };
    for (const face of faces) {
      const [from, there] = [units.get(unitId(face)), units.get(unitId(face))?.gates.get(face)];
      if (from && there) between.push({ from, to: unit, gates: [there, gate], kind: "out", title: rect.title });
    }
    return unit;
  });
  const all = [...units.values(), ...others];
  const size = await place(all, between);
  return {
    ...size,
    rects: all.flatMap((unit) => [unit.center, ...unit.leaves].map((rect) => moved(rect, unit))),
    lines: [
      ...all.flatMap((unit) =>
        unit.lines.map((line) => ({ ...line, points: line.points.map((p) => shifted(p, unit)) })),
      ),
      ...between.map((each, i) => lineOf(each, i, all)),
    ],
  };
}

const shifted = ({ x, y }: Point, unit: Unit): Point => ({ x: x + unit.x, y: y + unit.y });

function moved(rect: Rect, unit: Unit): Rect {
  rect.x = Math.round(rect.x + unit.x);
  rect.y = Math.round(rect.y + unit.y);
  return rect;
}

const MOST_PEERS = 12;

/** Gateways that no namespace has, and the other ends of VXLANs. */
function beyondOf(picture: Picture, carried: ReadonlyMap<string, string>): Beyond[] {
  const found = new Map<string, Set<string>>();
  const put = (name: string, face: string): void => {
    const faces = found.get(name);
    if (faces) faces.add(face);
    else found.set(name, new Set([face]));
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
  return [...found].map(([name, faces], i) => ({ rect: outsideRect(`outside${i}`, name), faces: [...faces] }));
}

/** Places units so that those that are linked stand near. Gives the picture's size. */
async function place(units: readonly Unit[], between: readonly Between[]) {
  const linked = new Set(between.flatMap(({ from, to }) => [from, to]));
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
  const room = Math.max(width, ROOM, ...rest.map((unit) => unit.width + 2 * MARGIN));
  let [x, tallest] = [MARGIN, 0];
  for (const unit of rest) {
    if (x > MARGIN && x + unit.width > room - MARGIN) {
      bottom += tallest + SPACE / 2;
      [x, tallest] = [MARGIN, 0];
    }
    [unit.x, unit.y] = [x, bottom];
    x += unit.width + SPACE / 2;
    width = Math.max(width, x - SPACE / 2 + MARGIN);
    tallest = Math.max(tallest, unit.height);
  }
  return { width: Math.ceil(width), height: Math.ceil(bottom + tallest + MARGIN) };
}

async function withDagre(units: readonly Unit[], between: readonly Between[]) {
  const { Graph, layout } = await import("@dagrejs/dagre");
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: SPACE / 2, ranksep: 2 * SPACE });
  graph.setDefaultEdgeLabel(() => ({}));
  const ids = new Map(units.map((unit) => [unit, unit.center.id]));
  for (const [unit, id] of ids) graph.setNode(id, { width: unit.width, height: unit.height });
  // From the host on, as units are in that order: its wires to others come out on the right.
  const order = new Map(units.map((unit, i) => [unit, i]));
  for (const { from, to } of between) {
    const [a, b] = (order.get(from) ?? 0) <= (order.get(to) ?? 0) ? [from, to] : [to, from];
    const [start, end] = [ids.get(a), ids.get(b)];
    if (start !== undefined && end !== undefined && !graph.hasEdge(start, end)) graph.setEdge(start, end);
  }
  layout(graph);
  let [width, height] = [0, 0];
  for (const [unit, id] of ids) {
    const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
    [unit.x, unit.y] = [Math.round(MARGIN + x - unit.width / 2), Math.round(MARGIN + y - unit.height / 2)];
    width = Math.max(width, x + unit.width / 2);
    height = Math.max(height, y + unit.height / 2);
  }
  return { width, height };
}

function lineOf({ from, to, gates, kind, title }: Between, i: number, units: readonly Unit[]): Line {
  const ends = [from, to].map((unit, n): End => {
    const gate = gates[n] ?? { y: 0, left: undefined, right: undefined };
    const { x, y, width, height } = unit;
    return {
      rect: { x, y, width, height },
      y: Math.round(y + gate.y),
      left: gate.left === undefined ? undefined : x + gate.left,
      right: gate.right === undefined ? undefined : x + gate.right,
    };
  });
  const [a, b] = ends as [End, End];
  return { kind, title, wayOut: false, points: joined(a, b, i, units) };
}

/** From side to side with two bends between, where no box is in the way if there is such a place. */
export function joined(a: End, b: End, i: number, rects: readonly Area[]): Point[] {
  const [left, right] = a.rect.x <= b.rect.x ? [a, b] : [b, a];
  const from = { x: left.rect.x + left.rect.width, y: left.y };
  const to = { x: right.rect.x, y: right.y };
  // Each wire bends at a place of its own, so that they can be told apart.
  const track = 8 + ((3 * i) % TRACKS) * 6;
  const end = { x: right.rect.x + right.rect.width, y: right.y };
  const direct = [
    bent(from, from.x + Math.min(track, (to.x - from.x) / 2), to),
    bent(from, to.x - Math.min(track, (to.x - from.x) / 2), to),
  ];
  const about = bent(from, Math.max(from.x, end.x) + track, end);
  const ways =
    from.y === to.y && from.x <= to.x
      ? [[from, to]]
      : from.x > to.x || right.left === undefined
        ? [about]
        : [...direct, about];
  const way = ways.find((each) => !rects.some((rect) => isCrossed(rect, each))) ?? ways[0] ?? [from, to];
  // Within a unit, level from the edge of its box.
  const begin = { x: left.right ?? from.x, y: from.y };
  const isAround = way === about;
  const last = { x: (isAround ? right.right : right.left) ?? (isAround ? end.x : to.x), y: to.y };
  return [begin, ...way, last].filter((p, n, all) => n === 0 || p.x !== all[n - 1]?.x || p.y !== all[n - 1]?.y);
}

/** Where a line ends: level with `y` at an edge of a box within an area that is a unit's. */
export interface End {
  readonly rect: Area;
  readonly y: number;
  readonly left?: number | undefined;
  readonly right?: number | undefined;
}

export type Area = Pick<Rect, "x" | "y" | "width" | "height">;

const TRACKS = 10;
const bent = (from: Point, x: number, to: Point): Point[] => [from, { x, y: from.y }, { x, y: to.y }, to];

/** Whether a line of level and upright pieces goes through a box; its edge does not count. */
export const isCrossed = ({ x, y, width, height }: Area, points: readonly Point[]): boolean =>
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
