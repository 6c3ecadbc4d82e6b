import { expect, test } from "bun:test";
import fc from "fast-check";
import { NO_TERMINAL } from "../terminal.ts";
import { htmlPicture } from "./html.ts";
import { type Area, type Drawing, isCrossed, joined, layOut } from "./layout.ts";
import { mermaidPicture } from "./mermaid.ts";
import type { Picture } from "./model.ts";
import { narrow } from "./narrow.ts";
import { svgPicture } from "./svg.ts";
import { box, example, face, sample } from "./testing/pictures.ts";
import { textPicture } from "./text.ts";
import { CHAR, columnsOf, LINE } from "./tile.ts";

/** What is wrong with a drawing: boxes that lie on each other or reach beyond it, lines through boxes, labels beyond their box. */
function faults({ rects, lines, width, height }: Drawing): string[] {
  const found: string[] = [];
  const within = (a: Area, b: Area): boolean =>
    a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height;
  const apart = (a: Area, b: Area): boolean =>
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  for (const [i, a] of rects.entries()) {
    if (!within(a, { x: 0, y: 0, width, height })) found.push(`${a.title} reaches beyond the picture`);
    for (const b of rects.slice(i + 1)) if (!apart(a, b)) found.push(`${a.title} lies on ${b.title}`);
    for (const line of lines) if (isCrossed(a, line.points)) found.push(`${line.title} goes through ${a.title}`);
    const labels = a.rows.map((row) => ({
      ...{ x: row.x, y: row.y - LINE / 2, width: columnsOf(row.text) * CHAR, height: LINE, text: row.text },
    }));
    for (const [n, label] of labels.entries()) {
      if (!within(label, { x: 0, y: 0, width: a.width, height: a.height })) found.push(`${label.text} is cut`);
      for (const other of labels.slice(n + 1))
        if (!apart(label, other)) found.push(`${label.text} lies on ${other.text}`);
    }
    for (const [n, cell] of a.cells.entries())
      for (const other of a.cells.slice(n + 1)) if (!apart(cell, other)) found.push(`cells of ${a.title} overlap`);
  }
  for (const { points, title } of lines)
    for (const { x, y } of points)
      if (x < 0 || y < 0 || x > width || y > height) found.push(`${title} is out of sight`);
  return found;
}

for (const [bridges, each] of [
  [0, 0],
  [1, 1],
  [1, 3],
  [3, 10],
  [12, 1],
  [1, 110],
] as const)
  test(`nothing lies on anything else, and no line goes through a box: ${bridges} networks of ${each}`, async () => {
    const drawing = await layOut(sample(bridges, each));
    expect(drawing.rects.length).toBe(bridges * each + 4 + 2);
    expect(faults(drawing)).toEqual([]);
    expect(drawing.lines.length).toBe(bridges * each + 2 + 2);
  });

test("thirty containers on three networks fit a screen, a hundred and more its proportions", async () => {
  const { width, height } = await layOut(sample(3, 10));
  expect({ width: width < 2_200, height: height < 1_300 }).toEqual({ width: true, height: true });
  for (const [bridges, each] of [
    [1, 30],
    [3, 10],
    [6, 5],
    [1, 110],
    [4, 60],
  ] as const) {
    const drawing = await layOut(sample(bridges, each));
    const proportion = drawing.width / drawing.height;
    expect({ bridges, each, fits: proportion > 1 && proportion < 2.7 && proportion }).toMatchObject({
      fits: proportion,
    });
  }
});

test("pairs to containers without a bridge take one way, and each container names its end", async () => {
  const picture = sample(1, 9);
  const [host, ...others] = picture.namespaces;
  if (!host) throw new Error("no host");
  const faces = host.faces.map((each) => ({ ...each, master: undefined }));
  const drawing = await layOut({ ...picture, namespaces: [{ ...host, faces }, ...others] });
  expect(faults(drawing)).toEqual([]);
  expect(drawing.lines.filter(({ kind }) => kind === "bundle").length).toBeGreaterThan(0);
  const texts = drawing.rects.flatMap(({ rows }) => rows.map(({ text }) => text));
  expect(texts).toContain("9 pairs");
  expect(texts.filter((text) => /^⇄ v0-\d$/.test(text)).length).toBe(9);
});

test("a container's default route is an arrow on its wire when the other end is its gateway, and words when not", async () => {
  const picture = sample(1, 2);
  const way = (face: string, gateway: string | undefined) =>
    ({ family: 4, face, via: "10.0.0.1", gateway, table: undefined }) as const;
  const namespaces = picture.namespaces.map((each) =>
    each.label === "c0-1"
      ? { ...each, waysOut: [way("1001:2", "1:100")] }
      : each.label === "c0-2"
        ? { ...each, waysOut: [way("1002:2", undefined)] }
        : each,
  );
  const { rects, lines } = await layOut({ ...picture, namespaces });
  expect(lines.filter(({ wayOut }) => wayOut).map(({ title }) => title)).toEqual([
    "veth: eth0 – v0-1, default via 10.0.0.1",
  ]);
  const said = (title: string) =>
    rects.find((rect) => rect.title === title)?.rows.some(({ text }) => /default/.test(text));
  expect([said("c0-1"), said("c0-2")]).toEqual([false, true]);
});

/**
 * Any picture: namespaces with ports and masters, and wires between faces of the same and of other namespaces.
 * @param star all wires begin at the host, and nobody else leads elsewhere
 */
const pictures = (star: boolean) =>
  fc
    .array(
      fc.record({
        faces: fc.array(fc.record({ master: fc.option(fc.nat({ max: 6 })), peers: fc.nat({ max: 30 }) }), {
          maxLength: 7,
        }),
        long: fc.nat({ max: 60 }),
        owner: fc.constantFrom("", "tsbox 0123456789ab"),
        way: fc.option(fc.nat({ max: 6 })),
      }),
      { minLength: 1, maxLength: 14 },
    )
    .chain((boxes) => {
      const ids = boxes.flatMap(({ faces }, b) => faces.map((_, i) => `${b}:${i}`));
      const from = (all: readonly string[]) => fc.constantFrom(...(all.length > 0 ? all : ["none"]));
      const ends = fc.tuple(from(star ? ids.filter((id) => id.startsWith("0:")) : ids), from(ids));
      return fc.array(ends, { maxLength: ids.length * 2 }).map((wires): Picture => {
        const namespaces = boxes.map(({ faces, long, owner, way }, b) => {
          const leads = b === 0 || !star;
          return box(
            String(b),
            `n${b}${"x".repeat(long)}`,
            faces.map(({ master, peers }, i) =>
              face(`${b}:${i}`, `eth${i}`, {
                addresses: i % 2 === 0 ? [`10.${b}.0.${i}/24`, "2001:db8:1234:5678:9abc:def0:1234:5678/64"] : [],
                master: master === null || master >= i ? undefined : `${b}:${master}`,
                vxlan: leads && peers > 28 ? { vni: 1, port: 1, peers: [`192.0.2.${peers}`] } : undefined,
              }),
            ),
            {
              owner,
              host: b === 0,
              waysOut:
                way === null || !leads
                  ? []
                  : [{ family: 4, face: `${b}:${way}`, via: "192.0.2.254", gateway: undefined, table: 7 }],
            },
          );
        });
        return { version: 1, namespaces, wires: wires.map(([a, b]) => ({ kind: "veth", from: a, to: b })) };
      });
    });

test("in no picture at all do boxes lie on each other, are labels cut, or boxes left out", async () => {
  await fc.assert(
    fc.asyncProperty(pictures(false), async (picture) => {
      const drawing = await layOut(picture);
      // Wires between those that do not hang on one box may have no way around all others.
      expect(faults(drawing).filter((fault) => !/ goes through | out of sight/.test(fault))).toEqual([]);
      const drawn = new Set(drawing.rects.map(({ id }) => id));
      expect(picture.namespaces.filter(({ id }) => !drawn.has(id))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test("where everything hangs on the host no wire goes through a box, and every wire is there", async () => {
  await fc.assert(
    fc.asyncProperty(pictures(true), async (picture) => {
      const drawing = await layOut(picture);
      expect(faults(drawing)).toEqual([]);
      const between = picture.wires.filter(({ from, to }) => from.split(":")[0] !== to.split(":")[0]);
      expect(drawing.lines.filter(({ kind }) => kind === "wire").length).toBe(
        between.filter(({ from }) => from !== "none").length,
      );
    }),
    { numRuns: 200 },
  );
});

test("a line bends where no box is in its way", () => {
  const rect = (id: string, x: number, y: number, width: number, height: number) => ({
    ...{ id, kind: "namespace" as const, title: id, subtitle: "", x, y, width, height, rows: [], cells: [] },
  });
  const [a, b, between] = [rect("a", 0, 0, 100, 100), rect("b", 300, 200, 100, 100), rect("c", 104, 60, 90, 120)];
  const ends = [
    { rect: a, y: 50, left: 0, right: 100 },
    { rect: b, y: 250, left: 300, right: 400 },
  ] as const;
  // Close to `a` is the first choice, but not where `c` stands.
  expect(joined(...ends, 0, [a, b]).map(({ x }) => x)).toEqual([100, 108, 108, 300]);
  const way = joined(...ends, 0, [a, b, between]);
  expect(way.map(({ x }) => x)).toEqual([100, 292, 292, 300]);
  expect([a, b, between].filter((each) => isCrossed(each, way))).toEqual([]);
});

test("the picture as text", () => {
  expect(textPicture(sample(1, 2), NO_TERMINAL)).toBe(`host
├─ eth0  192.0.2.1/24
├─ br0  bridge  10.0.0.1/16
│  ├─ v0-1
│  │  └─ ⇄ c0-1: eth0  10.0.0.2/16
│  └─ v0-2
│     └─ ⇄ c0-2: eth0  10.0.0.3/16
├─ vx  vxlan  vni 7 port 4789  peers 192.0.2.9
├─ r0
│  └─ ⇄ router: a
│     └─ b
│        └─ ⇄ behind: c
└─ default via 192.0.2.254 on eth0

lonely
`);
});

test("lines of text are cut to the terminal, and only there", () => {
  const lines = textPicture(sample(1, 2), { columns: 24, color: false }).split("\n");
  expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBe(24);
});

test("of one namespace only what it hangs on is left", () => {
  const { namespaces } = narrow(sample(2, 3), new Set(["1001"]));
  expect(namespaces.map((each) => [each.label, each.faces.map(({ name }) => name)])).toEqual([
    ["host", ["eth0", "br0", "v0-1"]],
    ["c0-1", ["eth0"]],
  ]);
});

const HOSTILE = [
  "\x1b[31mred\x07",
  "<script>alert(1)</script>",
  `"'&]]>`,
  "a\nb\r\tc",
  "\u202eevil\u2066",
  "\ud800half",
  "]; click f1_1 href",
  "#lt;b#gt;`x`%%{init}%%",
  "x".repeat(10_000),
];

for (const name of HOSTILE)
  test(`a name is only text in every form: ${JSON.stringify(name).slice(0, 30)}`, async () => {
    const picture = sample(1, 1, () => name);
    const [host] = picture.namespaces;
    if (!host) throw new Error("no host");
    const bad = { about: name, text: name };
    const whole = {
      ...picture,
      namespaces: [{ ...host, owner: name, remarks: [bad] }, ...picture.namespaces.slice(1)],
    };
    const drawing = await layOut(whole);
    const forms = {
      text: textPicture(whole, NO_TERMINAL),
      svg: svgPicture(drawing),
      html: htmlPicture(whole, drawing),
      mermaid: mermaidPicture(whole),
    };
    const harmless = sample(1, 1);
    for (const [form, text] of Object.entries(forms)) {
      expect({
        form,
        control: /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/.test(text),
      }).toEqual({
        form,
        control: false,
      });
      expect(text.isWellFormed() || form === "text").toBeTrue();
      if (form !== "text") {
        expect(text).not.toContain("<script");
        expect(text.length).toBeLessThan(40_000);
      }
    }
    expect(forms.mermaid.split("\n").length).toBe(mermaidPicture(harmless).split("\n").length);
    for (const line of forms.mermaid.split("\n")) expect(line.split('"').length % 2).toBe(1);
    expect(forms.mermaid).not.toMatch(/[<>`]x|%%/);
    // What is no text of ours is the same as for a harmless name, but for one row more and its place.
    const tags = (svg: string): string => (svg.match(/<(?!\/?(title|text|a|polyline|g|rect)\b)[^>\s]*/g) ?? []).join();
    expect(tags(forms.svg)).toBe(tags(svgPicture(await layOut(harmless))));
  });

test("docs/graph.svg is the picture that is drawn today (scripts/bun src/tsnet/graph/testing/pictures.ts makes it)", async () => {
  const file = `${import.meta.dir}/../../../docs/graph.svg`;
  expect(await Bun.file(file).text()).toBe(svgPicture(await layOut(example())));
});
