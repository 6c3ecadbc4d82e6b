import { expect } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNative } from "../../native/load.ts";
import { PARTS, pictureOf } from "../../src/tsnet/graph/build.ts";
import { htmlPicture } from "../../src/tsnet/graph/html.ts";
import { layOut } from "../../src/tsnet/graph/layout.ts";
import type { Picture } from "../../src/tsnet/graph/model.ts";
import { svgPicture } from "../../src/tsnet/graph/svg.ts";
import { sample } from "../../src/tsnet/graph/testing/pictures.ts";
import { findNamespaces, lookAt } from "../../src/tsnet/look/index.ts";
import { tsnet } from "../../src/tsnet/testing/surroundings.ts";
import { makeNetns } from "../support/netns.ts";
import type { Place } from "../support/place.ts";
import { lacksCommand, lacksLinkKind, lacksRoot, testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { inBrowser } from "./browser.ts";

const lacks = [lacksRoot, lacksCommand("ip", "nft", "bridge"), lacksLinkKind("macvlan"), lacksLinkKind("vxlan")];

/** A host, a container on its bridge, and one on a macvlan of its uplink. */
async function build(host: Place, web: Place, lan: Place): Promise<void> {
  const lines = [
    "link add br0 type bridge",
    "addr add 10.1.0.1/24 dev br0",
    "link set br0 up",
    `link add v0 master br0 up type veth peer name eth0 netns ${web.name}`,
    "link add eth0 type veth peer name wire",
    "addr add 192.0.2.1/24 dev eth0",
    "link set eth0 up",
    "link set wire up",
    "route add default via 192.0.2.254",
    `link add mv0 link eth0 netns ${lan.name} type macvlan mode bridge`,
    "link add vx type vxlan id 7 local 192.0.2.1 dstport 4789",
  ];
  for (const line of lines) await host.exec("ip", ...line.split(" "));
  await host.exec("bridge", ..."fdb append 00:00:00:00:00:00 dev vx dst 192.0.2.9".split(" "));
  await host.exec(
    "nft",
    "add table ip t; add chain ip t p { type nat hook postrouting priority 100; }; add rule ip t p ip saddr 10.1.0.0/24 masquerade; add chain ip t d { type nat hook prerouting priority -100; }; add rule ip t d tcp dport 8080 dnat to 10.1.0.2:80",
  );
  await web.exec("ip", "addr", "add", "10.1.0.2/24", "dev", "eth0");
  await web.exec("ip", "link", "set", "eth0", "up");
  await web.exec("ip", "route", "add", "default", "via", "10.1.0.1");
}

async function graph(...args: string[]): Promise<string> {
  const { exit, out, err } = await tsnet(["graph", ...args]);
  if (exit !== 0) throw new Error(`tsnet graph ${args.join(" ")}: exit ${exit}\n${err}`);
  return out;
}

interface IpLink {
  readonly ifname: string;
  readonly ifindex: number;
  readonly master?: string;
  readonly flags: readonly string[];
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen?: number; readonly scope: string }[];
}

testUnless(lacks, "the picture has the links that ip has, and looking changes nothing", async () => {
  await using host = await makeNetns();
  await using web = await makeNetns();
  await using lan = await makeNetns();
  await build(host, web, lan);
  const places = [host, web, lan];
  const before = await Promise.all(places.map((place) => snapshot(place)));
  const picture = JSON.parse(await graph(...places.map(({ name }) => name), "--format", "json")) as Picture;
  for (const [i, place] of places.entries()) {
    const old = before[i];
    expect(old && diff(old, await snapshot(place))).toEqual([]);
    const box = picture.namespaces.find(({ label }) => label === place.name);
    const nameOf = (id: string | undefined): string | undefined => box?.faces.find((face) => face.id === id)?.name;
    const theirs = JSON.parse(await place.exec("ip", "-j", "-d", "addr")) as IpLink[];
    expect(
      box?.faces.map(({ id, name, kind, up, master, addresses }) => ({
        ...{ index: Number(id.split(":")[1]), name, kind, up, master: nameOf(master), addresses },
      })),
    ).toEqual(
      theirs
        .filter(({ flags }) => !flags.includes("LOOPBACK"))
        .map((link) => ({
          ...{ index: link.ifindex, name: link.ifname, kind: link.linkinfo?.info_kind ?? "hardware" },
          ...{ up: link.flags.includes("UP"), master: link.master },
          addresses: link.addr_info.filter((a) => a.scope !== "link").map((a) => `${a.local}/${a.prefixlen}`),
        })),
    );
  }
  const named = new Map(picture.namespaces.flatMap((b) => b.faces.map((f) => [f.id, `${b.label} ${f.name}`] as const)));
  expect(
    picture.wires.map(({ kind, from, to }) => `${kind} ${[named.get(from), named.get(to)].sort().join(" ")}`).sort(),
  ).toEqual(
    [
      `veth ${[`${host.name} v0`, `${web.name} eth0`].sort().join(" ")}`,
      `veth ${host.name} eth0 ${host.name} wire`,
      `macvlan ${[`${host.name} eth0`, `${lan.name} mv0`].sort().join(" ")}`,
    ].sort(),
  );
  const [ours, inside] = [host, web].map(({ name }) => picture.namespaces.find(({ label }) => label === name));
  expect(named.get(inside?.waysOut[0]?.gateway ?? "")).toBe(`${host.name} br0`);
  expect(ours?.waysOut).toMatchObject([{ via: "192.0.2.254" }]);
  expect(ours?.masquerades).toMatchObject([{ source: "ip saddr 10.1.0.0/24 masquerade", by: "ip t p" }]);
  expect(ours?.published).toMatchObject([{ host: "tcp dport 8080 dnat to 10.1.0.2:80", by: "ip t d" }]);
  expect(ours?.faces.find(({ name }) => name === "vx")?.vxlan).toEqual({ vni: 7, port: 4789, peers: ["192.0.2.9"] });
});

testUnless(lacks, "what our own table publishes and masquerades stands at the container's interface", async () => {
  await using host = await makeNetns();
  await using web = await makeNetns();
  await using lan = await makeNetns();
  await build(host, web, lan);
  await host.exec(
    "nft",
    `add table inet tsnet; add chain inet tsnet net; add map inet tsnet masq4 { type ipv4_addr : verdict; }; add element inet tsnet masq4 { 10.1.0.2 : jump net }; add map inet tsnet ports4 { type inet_proto . inet_service : ipv4_addr . inet_service; }; add element inet tsnet ports4 { tcp . 8081 : 10.1.0.2 . 80 }`,
  );
  const picture = JSON.parse(await graph(host.name, web.name, "--json")) as Picture;
  const [ours, inside] = [host, web].map(({ name }) => picture.namespaces.find(({ label }) => label === name));
  const face = inside?.faces[0]?.id;
  expect(ours?.published.filter(({ by }) => by === "tsnet")).toEqual([
    { protocol: "tcp", host: "tcp 0.0.0.0:8081", target: "10.1.0.2:80", face, by: "tsnet" },
  ]);
  expect(ours?.masquerades.filter(({ by }) => by === "tsnet")).toEqual([{ source: "10.1.0.2", face, by: "tsnet" }]);
  expect(await graph(host.name, web.name)).toContain("eth0  10.1.0.2/24  masqueraded  ← tcp 0.0.0.0:8081 → :80");
});

testUnless(lacks, "a namespace that has ended meanwhile is a remark, and the rest is drawn", async () => {
  const native = loadNative();
  await using stays = await makeNetns();
  const goes = await makeNetns();
  const all = findNamespaces(native).namespaces.filter(({ name }) => name === stays.name || name === goes.name);
  await goes[Symbol.asyncDispose]();
  const { namespaces } = pictureOf(await lookAt({ native }, all, PARTS));
  expect(namespaces.map(({ label, remarks }) => [label, remarks.length]).sort()).toEqual(
    [
      [stays.name, 0],
      [goes.name, 1],
    ].sort(),
  );
});

testUnless(
  lacks,
  "a picture goes into a file, and where it cannot, what to do is said and nothing is printed",
  async () => {
    await using place = await makeNetns();
    const folder = await mkdtemp(join(tmpdir(), "tsnet-graph-"));
    try {
      const file = join(folder, "p.svg");
      expect(await tsnet(["graph", place.name, "--format", "svg", "-o", file])).toMatchObject({ exit: 0, out: "" });
      expect(await Bun.file(file).text()).toMatch(/^<\?xml[\s\S]*<\/svg>\n$/);
      for (const [to, code, remedy] of [
        [join(folder, "none/p.svg"), "ENOENT", "make its folder first"],
        [folder, "EISDIR", "name a file in it"],
        ["/dev/full", "ENOSPC", "name a file that can be written"],
      ] as const) {
        const { exit, out, err } = await tsnet(["graph", place.name, "-o", to]);
        expect({ exit, out }).toEqual({ exit: 1, out: "" });
        expect(err).toContain(`cannot write the picture to "${to}": ${code}`);
        expect(err).toContain(remedy);
      }
      expect(await readdir(folder)).toEqual(["p.svg"]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

/** Runs in the page: boxes that lie on each other, and labels that reach beyond their box. */
const FAULTS = `<script>addEventListener("load", () => {
  const rects = [...document.querySelectorAll("rect.box")];
  const area = (e) => e.getBoundingClientRect();
  const faults = [];
  for (const [i, a] of rects.entries()) for (const b of rects.slice(i + 1)) {
    const [p, q] = [area(a), area(b)];
    if (p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom) faults.push("overlap");
  }
  let labels = 0;
  for (const text of document.querySelectorAll("text")) {
    labels++;
    const [t, r] = [area(text), area(text.parentNode.querySelector("rect.box"))];
    if (t.left < r.left || t.right > r.right || t.top < r.top || t.bottom > r.bottom) faults.push("cut " + text.textContent);
  }
  document.title = JSON.stringify({ boxes: rects.length, labels, faults });
})</script>`;

const inspected = (svg: string): string =>
  `<!DOCTYPE html><html><head><title>no</title>${FAULTS}</head><body>${svg.replace(/^<\?xml.*\n/, "")}</body></html>`;

testUnless(
  [...lacks, lacksCommand("chromium")],
  "in a browser no boxes overlap and no label is cut; the page runs no script of its own",
  async () => {
    await using host = await makeNetns();
    await using web = await makeNetns();
    await using lan = await makeNetns();
    await build(host, web, lan);
    await web.exec("ip", "link", "set", "eth0", "alias", "<script>document.title='run'</script>");
    const drawn = (format: string): Promise<string> => graph(host.name, web.name, lan.name, "--format", format);
    expect(await inBrowser(await drawn("html"))).toBe("tsnet graph");
    const found = JSON.parse(await inBrowser(inspected(await drawn("svg"))));
    expect(found).toMatchObject({ boxes: 5, faults: [] });
    expect(found.labels).toBeGreaterThan(12);
  },
  60_000,
);

testUnless(
  [lacksCommand("chromium")],
  "in a browser thirty containers on three networks stand apart, all their labels whole",
  async () => {
    const [picture, drawing] = [sample(3, 10), await layOut(sample(3, 10))];
    // The page as somebody sees it who ticks its box, in place of its own rule against scripts.
    const page = htmlPicture(picture, drawing).replace(/<meta http-equiv[^>]*>/, "");
    const script = `const svg = document.querySelector("svg");
      const fits = () => svg.clientWidth <= innerWidth && svg.clientHeight <= innerHeight;
      const before = fits(); fit.checked = true; document.title = JSON.stringify([before, fits()]);`;
    expect(await inBrowser(page.replace("</body>", `<script>${script}</script></body>`))).toBe("[false,true]");
    const found = JSON.parse(await inBrowser(inspected(svgPicture(drawing))));
    expect(found).toMatchObject({ boxes: 36, faults: [] });
    expect(found.labels).toBeGreaterThan(100);
  },
  60_000,
);
