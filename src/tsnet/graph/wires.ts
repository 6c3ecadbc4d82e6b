import type { Arrangement } from "./arrange.ts";
import { type CellGrid, Grid, type GridRow, RAIL, type SideName } from "./grid.ts";
import type { Tile } from "./tile.ts";

export interface Line {
  readonly points: readonly Point[];
  /** `bundle`: the common way of several wires. */
  readonly kind: "wire" | "out" | "bundle";
  readonly title: string;
  /** The default route of what the line ends at leads over it. */
  readonly wayOut: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a wire to another unit leaves: level with `y`, from an edge of the box as far as the unit reaches, nothing is in its way. */
export interface Gate {
  readonly y: number;
  /** Edges of the box; `undefined` where something is in the way. */
  readonly left: number | undefined;
  readonly right: number | undefined;
}

interface Place {
  readonly side: SideName;
  readonly grid: CellGrid;
}

/** Wires from a box to what hangs on it: along the ways between tiles, and beside and over the box to other cells. */
export function wiresOf(all: Arrangement): { readonly lines: Line[]; readonly gates: Map<string, Gate> } {
  const lines: Line[] = [];
  const gates = new Map<string, Gate>();
  const places = new Map<string, Place>();
  for (const { side, cells } of [all.left, all.right])
    for (const grid of cells) for (const face of grid.cell.faces) places.set(face, { side, grid });
  const oneSided = all.left.cells.length === 0 || all.right.cells.length === 0;
  for (const [face, { side, grid }] of places)
    gates.set(face, {
      y: Math.round(all.top + grid.entryY),
      left: side === "left" || oneSided ? all.edge("left") : undefined,
      right: side === "right" || oneSided ? all.edge("right") : undefined,
    });
  const rails = { left: 0, right: 0, over: 0 };
  for (const { side, cells } of [all.left, all.right])
    for (const grid of cells) {
      if (grid.cell.bundle) lines.push(...bundles(all, side, grid));
      const tracks = new Map<number, number>();
      for (const row of grid.rows)
        for (const tile of row.tiles) {
          for (const [i, tie] of tile.ties.entries()) {
            const to = places.get(tie.face);
            if (!to) continue;
            const end = tapOf(all, side, row, tile, i, grid.straight);
            const begin = grid.cell.bundle ? [end[0]] : [{ x: all.edge(side), y: all.top + row.wayY }];
            const points =
              to.grid === grid ? [...begin, ...end] : around(all, { side, grid }, to, row, end, rails, tracks);
            lines.push({ ...tie, points: points.filter((p) => p !== undefined).map(rounded) });
          }
        }
    }
  return { lines, gates };
}

const rounded = ({ x, y }: Point): Point => ({ x: Math.round(x), y: Math.round(y) });

/** The last of a wire: from the way to the edge of a tile. */
function tapOf(
  all: Arrangement,
  side: SideName,
  { wayY, above }: GridRow,
  { rect }: Tile,
  i: number,
  straight: boolean,
): Point[] {
  const y = all.top + wayY;
  if (straight) return [{ x: side === "left" ? rect.x + rect.width : rect.x, y }];
  const inside = Math.min(22 + 16 * i, rect.width - 8);
  const x = side === "left" ? rect.x + rect.width - inside : rect.x + inside;
  return [
    { x, y },
    { x, y: above ? rect.y + rect.height : rect.y },
  ];
}

/** From a cell to a tile that hangs on another one. */
function around(
  all: Arrangement,
  from: Place,
  to: Place,
  { wayY }: GridRow,
  end: readonly Point[],
  rails: { left: number; right: number; over: number },
  tracks: Map<number, number>,
): Point[] {
  const rail = (side: SideName): number => {
    const distance = Grid.rail(rails[side]++);
    return side === "left" ? all.edge("left") - distance : all.edge("right") + distance;
  };
  const track = (tracks.get(wayY) ?? 0) + 1;
  tracks.set(wayY, track);
  const y = all.top + wayY + Grid.track(track);
  const entry = all.top + to.grid.entryY;
  const last = end.at(-1) ?? { x: 0, y: 0 };
  const x = rail(from.side);
  const way: Point[] = [{ x: all.edge(to.side), y: entry }];
  if (to.side === from.side) way.push({ x, y: entry });
  else {
    const [other, over] = [rail(to.side), all.center.y - 8 - RAIL * rails.over++];
    way.push({ x: other, y: entry }, { x: other, y: over }, { x, y: over });
  }
  return [...way, { x, y }, { x: last.x, y }, last];
}

/** The common ways of a cell whose wires are pairs of their own. */
function bundles(all: Arrangement, side: SideName, { rows }: CellGrid): Line[] {
  const ends = new Map<number, Point>();
  for (const row of rows)
    for (const tile of row.tiles) {
      const [tap] = tapOf(all, side, row, tile, 0, false);
      const before = ends.get(row.wayY);
      const isFarther = before === undefined || (tap && (side === "left" ? tap.x < before.x : tap.x > before.x));
      if (tap && isFarther) ends.set(row.wayY, tap);
    }
  return [...ends.values()].map((end) => ({
    ...{ kind: "bundle", title: "a pair for each", wayOut: false },
    points: [{ x: all.edge(side), y: end.y }, end].map(rounded),
  }));
}
