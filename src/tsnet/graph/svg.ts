import { printable } from "../text.ts";
import type { Drawing } from "./layout.ts";
import { CHAR, columnsOf, cutText, LINE, PAD, type Rect } from "./tile.ts";
import type { Line } from "./wires.ts";

/** Text for XML and HTML, in elements and attributes alike; control characters and turned directions as in a terminal. */
export const markup = (text: string): string =>
  printable(text)
    // Halves of a pair are no characters.
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Longer texts are not even told whole. */
const MOST_WHOLE = 500;
const whole = (text: string): string => markup(cutText(text, MOST_WHOLE));

export const STYLE = `
text{font:12px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#1d2733}
.paper{fill:#fff}
rect.box{fill:#f5f8fb;stroke:#5b7186}
.host rect.box{fill:#fdf8ec;stroke:#9a7b26}
.outside rect.box{fill:#eef6ee;stroke:#4b7d4f}
.title,.bridge{font-weight:bold}
.subtitle,.note{fill:#51606f}
.bad{fill:#a11d1d}
polyline{fill:none;stroke:#5b7186;stroke-width:1.3}
polyline.out{stroke:#4b7d4f;stroke-dasharray:5 3}
polyline.bundle{stroke:#c3cfda;stroke-width:6}
polygon{fill:#5b7186}
.cell{fill:#0000;stroke:#c9b57a}
`;

/** The picture as an SVG document that needs nothing else: no script, no font, no link. */
export function svgPicture(drawing: Drawing): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svgElement(drawing, `<style>${STYLE}</style>`)}`;
}

/** @param head goes before everything; @param linked boxes lead to `#about-ID` */
export function svgElement({ width, height, rects, lines }: Drawing, head: string, linked = false): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="network namespaces of this host">`,
    head,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...lines.map(polyline),
    ...rects.map((rect) =>
      linked && rect.kind !== "outside" ? `<a href="#about-${rect.id}">${box(rect)}</a>` : box(rect),
    ),
    "</svg>\n",
  ].join("\n");
}

const pointsOf = (points: Line["points"]): string => points.map(({ x, y }) => `${x},${y}`).join(" ");

const polyline = ({ points, kind, title, wayOut }: Line): string =>
  `<polyline class="${kind}" points="${pointsOf(points)}"><title>${whole(title)}</title></polyline>${wayOut ? arrow(points) : ""}`;

/** Where a wire comes to a namespace, a triangle that leads out of it. */
function arrow(points: Line["points"]): string {
  const [end, before] = [points.at(-1), points.at(-2)];
  if (!end || !before) return "";
  const [dx, dy] = [Math.sign(before.x - end.x), Math.sign(before.y - end.y)];
  const corner = (along: number, across: number) => ({
    x: end.x + dx * along + dy * across,
    y: end.y + dy * along + dx * across,
  });
  return `<polygon points="${pointsOf([corner(0, 5), corner(9, 0), corner(0, -5)])}"/>`;
}

function box({ id, kind, title, subtitle, x, y, width, height, rows, cells }: Rect): string {
  const at = (text: string, dy: number, classes: string, full = text, dx = PAD): string =>
    label(text, x + dx, y + dy + 4, classes, full);
  return [
    `<g class="${kind}" id="box-${id}"><rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="5"/>`,
    ...cells.map(
      (cell) =>
        `<rect class="cell" x="${x + cell.x}" y="${y + cell.y}" width="${cell.width}" height="${cell.height}"/>`,
    ),
    at(title, 14, "title"),
    subtitle === "" ? "" : at(subtitle, 12 + LINE, "subtitle"),
    ...rows.map((row) => at(row.text, row.y, row.kind, row.whole, row.x)),
    "</g>",
  ].join("");
}

/** As wide as its place whatever face the viewer has. */
function label(text: string, x: number, y: number, classes: string, full: string): string {
  const shown = text.trimStart();
  const indent = (text.length - shown.length) * CHAR;
  const title = full === text ? "" : `<title>${whole(full)}</title>`;
  const length = Math.round(columnsOf(shown) * CHAR);
  return `<text class="${classes}" x="${x + indent}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${markup(shown)}${title}</text>`;
}
