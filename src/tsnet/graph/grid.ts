import { LINE, type Rect, type Tile } from "./tile.ts";
import type { Cell } from "./unit.ts";

export type SideName = "left" | "right";

/** Between cells. */
export const CELL_GAP = 10;
/** Between wires that run up and down beside a box, or over it. */
export const RAIL = 6;
/** Between boxes. */
const GAP = 14;
/** From the middle of a way to the boxes beside it: room for what tells a default route. */
const WAY = 13;
/** Between wires in a way. */
const TRACK = 5;
/** Beside the box in the middle, before the first wire that runs up and down, and behind the last. */
const MARGIN = 14;

/** One cell with what hangs on it: rows of tiles, two at a way for wires between them. */
export interface CellGrid {
  readonly cell: Cell;
  /** From the top of the first cell. */
  readonly y: number;
  readonly height: number;
  /** From the top of the cell, where its text begins. */
  readonly textY: number;
  readonly rows: readonly GridRow[];
  /** The only tile stands beside the cell, and its wire is straight. */
  readonly straight: boolean;
  /** Where wires come to the cell, from the top of the first cell. */
  readonly entryY: number;
}

export interface GridRow {
  readonly tiles: readonly Tile[];
  readonly y: number;
  readonly height: number;
  /** The middle of the way that its wires take. */
  readonly wayY: number;
  /** The way is below it. */
  readonly above: boolean;
}

/** The cells of one side of a box, from top to bottom. */
export class Grid {
  readonly side: SideName;
  readonly cells: readonly CellGrid[];
  /** Of all cells, with a gap below the last. */
  readonly height: number;
  readonly width: number;
  /** Distance of each column from the box in the middle. */
  readonly columns: readonly number[];
  readonly #widths: readonly number[];

  /** @param rails how many wires run up and down beside the box */
  constructor(side: SideName, cells: readonly Cell[], columns: number, rails: number) {
    this.side = side;
    let y = 0;
    this.cells = cells.map((cell) => {
      const grid = cellGrid(cell, columns, y);
      y += grid.height + CELL_GAP;
      return grid;
    });
    this.height = y;
    const widths: number[] = [];
    for (const cell of cells)
      for (const [i, { rect }] of cell.tiles.entries())
        widths[i % columns] = Math.max(widths[i % columns] ?? 0, rect.width);
    this.#widths = widths;
    let at = widths.length === 0 && rails === 0 ? 0 : 2 * MARGIN + RAIL * rails + 8;
    this.columns = widths.map((width) => {
      const here = at;
      at += width + GAP;
      return here;
    });
    this.width = at === 0 ? 0 : at - (widths.length > 0 ? GAP : 0);
  }

  /** How far from the box the n-th wire runs that goes up and down beside it. */
  static rail(n: number): number {
    return MARGIN + RAIL * n;
  }

  static track(n: number): number {
    return TRACK * n;
  }

  /** Gives every tile its place. @param edge of the box in the middle; @param top of the first cell */
  place(edge: number, top: number): Rect[] {
    const placed: Rect[] = [];
    for (const { rows } of this.cells)
      for (const { tiles, y, height, above } of rows)
        for (const [column, { rect }] of tiles.entries()) {
          const distance = this.columns[column] ?? 0;
          const width = this.side === "left" ? rect.width : (this.#widths[column] ?? 0);
          rect.x = this.side === "left" ? edge - distance - width : edge + distance;
          // Close to its way.
          rect.y = top + y + (above ? height - rect.height : 0);
          placed.push(rect);
        }
    return placed;
  }
}

function cellGrid(cell: Cell, columns: number, y: number): CellGrid {
  const text = cell.lines.length * LINE;
  const [only] = cell.tiles;
  if (only && cell.tiles.length === 1 && only.ties.length === 1 && !cell.external) {
    const { rect } = only;
    const middle = rect.rows.find(({ kind }) => kind === "face")?.y ?? rect.height / 2;
    const height = Math.max(rect.height, middle - LINE / 2 + text + 4);
    const row = { tiles: [only], y, height: rect.height, wayY: y + middle, above: true };
    return { cell, y, height, textY: middle - LINE / 2, rows: [row], straight: true, entryY: y + middle };
  }
  const rows: GridRow[] = [];
  let at = y;
  for (let i = 0; i < cell.tiles.length; i += 2 * columns) {
    if (i > 0) at += GAP;
    const [upper, lower] = [cell.tiles.slice(i, i + columns), cell.tiles.slice(i + columns, i + 2 * columns)];
    const extra = [...upper, ...lower].reduce((n, { ties }) => n + ties.length - 1, 0);
    const high = tallest(upper);
    const wayY = at + high + WAY;
    rows.push({ tiles: upper, y: at, height: high, wayY, above: true });
    at = wayY + WAY + TRACK * extra;
    if (lower.length === 0) continue;
    rows.push({ tiles: lower, y: at, height: tallest(lower), wayY, above: false });
    at += tallest(lower);
  }
  const height = Math.max(at - y, text + 8);
  const entryY = rows[0]?.wayY ?? y + height / 2;
  return { cell, y, height, textY: (height - text) / 2, rows, straight: false, entryY };
}

const tallest = (tiles: readonly Tile[]): number => Math.max(0, ...tiles.map(({ rect }) => rect.height));
