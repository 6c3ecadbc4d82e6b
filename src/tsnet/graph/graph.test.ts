import { expect, test } from "bun:test";
import { NO_TERMINAL } from "../terminal.ts";
import { htmlPicture } from "./html.ts";
import { isCrossed, joined, layOut } from "./layout.ts";
import { mermaidPicture } from "./mermaid.ts";
import type { Box, Face, Picture } from "./model.ts";
import { narrow } from "./narrow.ts";
import { svgPicture } from "./svg.ts";
import { textPicture } from "./text.ts";

const face = (id: string, name: string, more: Partial<Face> = {}): Face => ({
  ...{ id, name, kind: "veth", up: true, addresses: [], alias: undefined, master: undefined },
  ...{ elsewhere: false, vxlan: undefined, ...more },
});

const box = (id: string, label: string, faces: readonly Face[], more: Partial<Box> = {}): Box => ({
  ...{ id, label, owner: "", host: false, own: false, faces },
  ...{ waysOut: [], published: [], masquerades: [], remarks: [], ...more },
});

/** A host with bridges and containers on them, a router between two namespaces, a VXLAN peer and a gateway. */
function sample(bridges: number, each: number, name = (b: number, i: number) => `c${b}-${i}`): Picture {
  const hostFaces: Face[] = [face("1:1", "eth0", { kind: "hardware", addresses: ["192.0.2.1/24"] })];
  const namespaces: Box[] = [];
  const wires: Picture["wires"][number][] = [];
  for (let b = 0; b < bridges; b++) {
    const bridge = `1:${100 * (b + 1)}`;
    hostFaces.push(face(bridge, `br${b}`, { kind: "bridge", addresses: [`10.${b}.0.1/16`] }));
    for (let i = 1; i <= each; i++) {
      const id = `${1000 * (b + 1) + i}`;
      hostFaces.push(face(`1:${100 * (b + 1) + i}`, `v${b}-${i}`, { master: bridge }));
      namespaces.push(box(id, name(b, i), [face(`${id}:2`, "eth0", { addresses: [`10.${b}.0.${i + 1}/16`] })]));
      wires.push({ kind: "veth", from: `${id}:2`, to: `1:${100 * (b + 1) + i}` });
    }
  }
  hostFaces.push(
    face("1:90", "vx", { kind: "vxlan", vxlan: { vni: 7, port: 4789, peers: ["192.0.2.9"] } }),
    face("1:91", "r0"),
  );
  namespaces.push(box("2", "router", [face("2:2", "a"), face("2:3", "b")]), box("3", "behind", [face("3:2", "c")]));
  namespaces.push(box("4", "lonely", []));
  wires.push({ kind: "veth", from: "1:91", to: "2:2" }, { kind: "veth", from: "2:3", to: "3:2" });
  const waysOut = [{ family: 4, face: "1:1", via: "192.0.2.254", gateway: undefined, table: undefined }] as const;
  return { version: 1, namespaces: [box("1", "host", hostFaces, { host: true, waysOut }), ...namespaces], wires };
}

for (const [bridges, each] of [
  [0, 0],
  [1, 3],
  [3, 10],
] as const)
  test(`no box lies on another and no line goes through one: ${bridges} networks of ${each}`, async () => {
    const { rects, lines, width, height } = await layOut(sample(bridges, each));
    expect(rects.length).toBe(bridges * each + 4 + 2);
    for (const [i, a] of rects.entries()) {
      expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBeTrue();
      for (const b of rects.slice(i + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect({ a: a.title, b: b.title, apart }).toEqual({ a: a.title, b: b.title, apart: true });
      }
      for (const line of lines) expect(isCrossed(a, line.points) && `${a.title} by ${line.title}`).toBeFalse();
    }
    expect(lines.length).toBe(bridges * each + 2 + 2);
  });

test("a line bends where no box is in its way", () => {
  const rect = (id: string, x: number, y: number, width: number, height: number) => ({
    ...{ id, kind: "namespace" as const, title: id, subtitle: "", x, y, width, height, rows: [] },
  });
  const [a, b, between] = [rect("a", 0, 0, 100, 100), rect("b", 300, 200, 100, 100), rect("c", 104, 60, 90, 120)];
  const ends = [
    { rect: a, y: 50 },
    { rect: b, y: 250 },
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
