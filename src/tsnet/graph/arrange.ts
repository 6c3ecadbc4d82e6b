import { CELL_GAP, Grid, RAIL, type SideName } from "./grid.ts";
import type { Box } from "./model.ts";
import {
  type Entry,
  type Frame,
  headOf,
  LINE,
  PAD,
  type Rect,
  type Row,
  subtitleOf,
  titleOf,
  widthOf,
} from "./tile.ts";
import type { Cell } from "./unit.ts";
import { type Gate, type Line, wiresOf } from "./wires.ts";

/** Everything of a unit with its place, from the unit's corner. */
export interface Arranged {
  readonly center: Rect;
  readonly leaves: readonly Rect[];
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
  /** By face: where wires to other units come out. */
  readonly gates: ReadonlyMap<string, Gate>;
}

/** What is to be arranged: the box in the middle, the parts of it that wires lead to, and the rest of its lines. */
export interface Parts {
  readonly box: Box;
  readonly cells: readonly Cell[];
  readonly plain: readonly Entry[];
  readonly notes: readonly Entry[];
}

/** Width to height of a usual screen. */
const PROPORTION = 1.6;
/** How much a larger picture is worse than one of other proportions. */
const SIZE_COUNTS = 1;
const MOST_GRIDS = 24;
const MOST_SPLITS = 8;

/** Cells left and right of the middle of a box, each with what hangs on it in rows of so many columns. */
export class Arrangement {
  readonly parts: Parts;
  readonly left: Grid;
  readonly right: Grid;
  readonly center: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly width: number;
  readonly height: number;
  readonly plainOnLeft: boolean;
  /** Where the right column of the box begins. */
  readonly half: number;

  constructor(parts: Parts, left: readonly Cell[], right: readonly Cell[], columns: number) {
    this.parts = parts;
    const cross = new Crossings(left, right);
    this.left = new Grid("left", left, columns, cross.left);
    this.right = new Grid("right", right, columns, cross.right);
    const plain = parts.plain.length * LINE;
    const both = left.length > 0 && right.length > 0;
    // Lines without a wire stand where they make it the least taller.
    this.plainOnLeft = left.length > 0 && (!both || this.left.height <= this.right.height);
    const [a, b] = [
      this.left.height + (this.plainOnLeft ? plain : 0),
      this.right.height + (this.plainOnLeft ? 0 : plain),
    ];
    const stack = Math.max(a, b);
    const notes = parts.notes.length * LINE;
    const texts = (grid: Grid, more: readonly Entry[]): number =>
      widthOf([...grid.cells.flatMap(({ cell }) => cell.lines), ...more].map(({ text }) => text));
    const [one, other] = [
      left.length > 0 ? texts(this.left, this.plainOnLeft ? parts.plain : []) : 0,
      right.length > 0 || !this.plainOnLeft ? texts(this.right, this.plainOnLeft ? [] : parts.plain) : 0,
    ];
    const width = Math.max(
      one + other + (both ? PAD : 0),
      widthOf([`${titleOf(parts.box)}  `, subtitleOf(parts.box), ...parts.notes.map(({ text }) => text)]),
      120,
    );
    this.half = both ? width - other : 0;
    const height = headOf(parts.box) + stack + (stack > 0 && notes > 0 ? CELL_GAP / 2 : 0) + notes + PAD / 2;
    this.center = { x: this.left.width, y: cross.over === 0 ? 0 : 8 + RAIL * cross.over, width, height };
    this.width = this.left.width + width + this.right.width;
    this.height = this.center.y + height;
  }

  get badness(): number {
    return (
      Math.abs(Math.log(this.width / this.height / PROPORTION)) +
      SIZE_COUNTS * Math.log((this.width * this.height) / 1e5)
    );
  }

  /** Where the cells of a side begin, from the top of the unit. */
  get top(): number {
    return this.center.y + headOf(this.parts.box);
  }

  edge(side: SideName): number {
    return side === "left" ? this.center.x : this.center.x + this.center.width;
  }
}

/** How many wires run up and down beside each side of a box, and over it from one side to the other. */
class Crossings {
  left = 0;
  right = 0;
  over = 0;

  constructor(left: readonly Cell[], right: readonly Cell[]) {
    const sideOf = new Map<string, SideName>();
    for (const cell of left) for (const face of cell.faces) sideOf.set(face, "left");
    for (const cell of right) for (const face of cell.faces) sideOf.set(face, "right");
    for (const cell of [...left, ...right])
      for (const { ties } of cell.tiles)
        for (const tie of ties.slice(1)) {
          if (cell.faces.includes(tie.root)) continue;
          const [from, to] = [sideOf.get(ties[0]?.face ?? ""), sideOf.get(tie.face)];
          for (const side of new Set([from, to])) if (side !== undefined) this[side]++;
          if (from !== to) this.over++;
        }
  }
}

/** The arrangement that comes nearest to the proportions of a screen. */
export function arrange(parts: Parts): Arranged {
  const { box, cells } = parts;
  const isWorld = ({ tiles, external }: Cell): boolean =>
    !external && tiles.some((tile) => tile.rect.kind === "outside");
  // The world beyond on the left, containers on the right, and also on the left where that is better.
  const world = box.host ? cells.filter(isWorld) : [];
  const others = cells.filter((cell) => !world.includes(cell));
  const movable = box.host ? others.filter((cell) => !cell.external) : [];
  const most = Math.max(1, ...cells.map((cell) => cell.tiles.length));
  let best: Arrangement | undefined;
  for (const columns of few(most, MOST_GRIDS))
    for (const moved of [0, ...few(movable.length, MOST_SPLITS)]) {
      const away = new Set(moved === 0 ? [] : movable.slice(-moved));
      const left = [...world, ...others.filter((cell) => away.has(cell))];
      const right = others.filter((cell) => !away.has(cell));
      // With everything on one side the other is free, and lines need not be in two columns.
      if (right.length === 0 && others.length > 0) continue;
      const next = new Arrangement(parts, left, right, columns);
      if (best === undefined || next.badness < best.badness) best = next;
    }
  return placed(best ?? new Arrangement(parts, [], cells, 1));
}

/** 1 to `n`, of many the small ones and some of the others. */
function few(n: number, most: number): number[] {
  const found: number[] = [];
  for (let i = 1; i <= n; i = Math.max(i + 1, Math.ceil(i * (1 + 4 / most)))) found.push(i);
  return found;
}

/** An arrangement as boxes and lines. */
function placed(all: Arrangement): Arranged {
  const { parts, center, left, right, half, plainOnLeft } = all;
  const rows: Row[] = [];
  const frames: Frame[] = [];
  const head = headOf(parts.box);
  const put = (entries: readonly Entry[], x: number, y: number): void => {
    for (const [i, each] of entries.entries()) rows.push({ ...each, x, y: y + LINE * i + LINE / 2 });
  };
  for (const grid of [left, right])
    for (const { cell, y, height, textY } of grid.cells) {
      const [from, to] = grid.side === "left" ? [0, half === 0 ? center.width : half - PAD] : [half, center.width];
      frames.push({ x: from, y: head + y, width: to - from, height });
      put(cell.lines, from + PAD, head + y + textY);
    }
  put(parts.plain, plainOnLeft ? PAD : half + PAD, head + (plainOnLeft ? left : right).height);
  const notesY = center.height - PAD / 2 - parts.notes.length * LINE;
  put(parts.notes, PAD, notesY);
  const leaves = [left, right].flatMap((grid) => grid.place(all.edge(grid.side), all.top));
  const rect: Rect = {
    ...{ id: parts.box.id, kind: parts.box.host ? "host" : "namespace" },
    ...{ title: titleOf(parts.box), subtitle: subtitleOf(parts.box), ...center, rows, cells: frames },
  };
  return { center: rect, leaves, width: all.width, height: all.height, ...wiresOf(all) };
}
