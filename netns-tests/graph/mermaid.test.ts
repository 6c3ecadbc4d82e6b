import { expect } from "bun:test";
import { join } from "node:path";
import { mermaidPicture } from "../../src/tsnet/graph/mermaid.ts";
import type { Picture } from "../../src/tsnet/graph/model.ts";
import { example, sample } from "../../src/tsnet/graph/testing/pictures.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { inBrowser } from "./browser.ts";

const MERMAID = join(import.meta.dir, "../../node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js");

interface Rendered {
  readonly error?: string;
  readonly nodes: readonly string[];
  readonly clusters: number;
  readonly edges: number;
  readonly tags: readonly string[];
}

/** What Mermaid itself makes of flowcharts, with the settings that it has where nobody sets any. */
async function render(charts: readonly string[]): Promise<Rendered[]> {
  const script = `addEventListener("load", async () => {
    mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });
    const all = [];
    for (const [i, chart] of CHARTS.entries()) {
      try {
        const { svg } = await mermaid.render("chart" + i, chart);
        const place = document.createElement("div");
        place.innerHTML = svg;
        const found = (query) => [...place.querySelectorAll(query)];
        all.push({
          nodes: found(".node .nodeLabel, .node text").map((e) => e.textContent.trim()),
          clusters: found("g.cluster").length,
          edges: found(".edgePaths > path, .edgePaths > g").length,
          tags: [...new Set(found("*").map((e) => e.tagName.toLowerCase()))],
        });
      } catch (error) { all.push({ error: String(error), nodes: [], clusters: 0, edges: 0, tags: [] }); }
    }
    document.title = JSON.stringify(all);
  })`;
  const charted = JSON.stringify(charts).replaceAll("<", "\\u003c");
  const page = `<!DOCTYPE html><html><head><title>no</title></head><body><script src="file://${MERMAID}"></script><script>const CHARTS = ${charted};${script}</script></body></html>`;
  return JSON.parse(await inBrowser(page, 20_000)) as Rendered[];
}

const HOSTILE = [
  '"]; click f1_1 href "javascript:alert(1)',
  "<script>document.title = 'run'</script>",
  "<img src=x onerror=\"document.title='run'\">",
  "#lt;b#gt; &lt;i&gt; `code` **bold** %%{init: {}}%%",
  "end",
  "subgraph x",
  "\x1b[31mred\u202e",
];

/** A host with one container, all names of which are the same. */
function named(name: string): Picture {
  const picture = sample(1, 1, () => name);
  return { ...picture, namespaces: picture.namespaces.map((box) => ({ ...box, label: name, owner: name })) };
}

testUnless(
  [lacksCommand("chromium")],
  "Mermaid itself draws the flowchart: every interface, every wire, and hostile names as nothing but text",
  async () => {
    const pictures = [example(), sample(3, 3), ...HOSTILE.map(named)];
    const all = await render(pictures.map(mermaidPicture));
    for (const [i, picture] of pictures.entries()) {
      const drawn = all[i];
      const about = picture.namespaces[1]?.label;
      expect({ about, error: drawn?.error }).toEqual({ about, error: undefined });
      const faces = picture.namespaces.flatMap((box) => box.faces);
      const empty = picture.namespaces.filter((box) => box.faces.length + box.waysOut.length === 0).length;
      const notes = picture.namespaces.reduce((n, box) => n + box.waysOut.length, 0);
      expect({ about, nodes: drawn?.nodes.length }).toEqual({ about, nodes: faces.length + notes + empty });
      expect(drawn?.clusters).toBe(picture.namespaces.length);
      expect(drawn?.edges).toBe(picture.wires.length + faces.filter(({ master }) => master !== undefined).length);
      expect(
        drawn?.tags.filter((tag) => ["script", "img", "a", "b", "i", "code", "strong", "em"].includes(tag)),
      ).toEqual([]);
      for (const { name } of faces) expect(drawn?.nodes.some((text) => text.includes(name))).toBeTrue();
    }
  },
  60_000,
);
