import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { loadNative } from "../../../native/load.ts";
import { allImages, findImage, imageNames, rootfsOf } from "../store/images.ts";
import type { Places } from "../store/places.ts";
import { importImage } from "./import.ts";

const native = loadNative();
let folder = "";
let places: Places;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbox-import-"));
  places = { data: `${folder}/data`, run: `${folder}/run` };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Entry = Partial<Header> & { name: string; content?: string };
/** Without it, archives of two seconds differ. */
const mtime = new Date(0);
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

async function archive(entries: readonly Entry[]): Promise<Buffer> {
  const packing = pack();
  for (const { content, ...header } of entries) packing.entry({ ...owner, mtime, ...header }, content ?? "");
  packing.finalize();
  return Buffer.concat(await Array.fromAsync(packing as AsyncIterable<Uint8Array>));
}

/** In pieces that cut headers in two. */
async function* pieces(bytes: Uint8Array, size = 1000): AsyncIterable<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

const take = (bytes: Uint8Array, name = "img:latest") =>
  importImage(native, places, pieces(bytes), name, new Date("2026-01-02T03:04:05Z"));

const ROOT: Entry[] = [
  { name: "./", type: "directory", mode: 0o700 },
  { name: "./bin/sh", type: "file", mode: 0o4755, content: "#!" },
  { name: "bin/ash", type: "link", linkname: "./bin/sh" },
  { name: "lib", type: "symlink", linkname: "../../../../etc" },
  { name: "dev/null", type: "character-device", devmajor: 1, devminor: 3 },
  { name: "tmp", type: "directory", mode: 0o1777, mtime: new Date(1_000_000_000_000) },
  { name: "tmp/x", type: "file", content: "x" },
];

describe("a good archive", () => {
  for (const [name, pressed] of [
    ["plain", (bytes: Buffer) => bytes],
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ] as const)
    test(`${name}: modes, links, times and owners are kept`, async () => {
      const { id, notices } = await take(pressed(await archive(ROOT)));
      const root = rootfsOf(places, id);
      expect(statSync(root).mode & 0o7777).toBe(0o755);
      expect(statSync(`${root}/bin/sh`).mode & 0o7777).toBe(0o4755);
      expect(statSync(`${root}/bin/sh`).ino).toBe(statSync(`${root}/bin/ash`).ino);
      expect(statSync(`${root}/tmp`).mode & 0o7777).toBe(0o1777);
      expect(statSync(`${root}/tmp`).mtimeMs).toBe(1_000_000_000_000);
      expect(readFileSync(`${root}/tmp/x`, "utf8")).toBe("x");
      expect(notices).toEqual(["1 device files and fifos were left out (containers have a /dev of their own)"]);
      expect(statSync(`${folder}/data/images`).mode & 0o7777).toBe(0o700);
    });

  test("owners and times of a pax header go before those of the entry", async () => {
    const pax = { uid: "3000000", gid: "3000001", mtime: "1000000000.5" };
    const wanted = take(await archive([{ name: "x", content: "1", pax }]));
    if (process.getuid?.() !== 0) return await expect(wanted).rejects.toThrow("EPERM");
    const { uid, gid, mtimeMs } = statSync(`${rootfsOf(places, (await wanted).id)}/x`);
    expect([uid, gid, mtimeMs]).toEqual([3_000_000, 3_000_001, 1_000_000_000_500]);
  });

  test("the same archive is one image with several names; a name moves to the newer image", async () => {
    const { id } = await take(await archive(ROOT));
    expect((await take(gzipSync(await archive(ROOT)), "other:1")).id).toBe(id);
    expect(allImages(native, places)).toHaveLength(1);
    const newer = await take(await archive([{ name: "x", content: "1" }]));
    expect(imageNames(native, places)).toEqual({ "img:latest": newer.id, "other:1": id });
    expect(findImage(native, places, "img").id).toBe(newer.id);
    expect(findImage(native, places, id.slice(0, 10)).id).toBe(id);
    expect(() => findImage(native, places, "img:2")).toThrow("no such image: img:2");
  });

  test("a later entry takes the place of an earlier one", async () => {
    const entries: Entry[] = [
      { name: "a", content: "old" },
      { name: "a", content: "new" },
      { name: "b", type: "symlink", linkname: "/etc/passwd" },
      { name: "b", content: "mine" },
      { name: "c", type: "directory" },
      { name: "c", type: "symlink", linkname: "a" },
    ];
    const root = rootfsOf(places, (await take(await archive(entries))).id);
    expect([readFileSync(`${root}/a`, "utf8"), readFileSync(`${root}/b`, "utf8")]).toEqual(["new", "mine"]);
    expect(readdirSync(root).sort()).toEqual(["a", "b", "c"]);
  });
});

describe("a hostile archive is refused, and nothing of it is left", () => {
  const outside = (): string => `${folder}/outside`;
  const rows: readonly [string, () => Entry[], RegExp][] = [
    ["a name with ..", () => [{ name: "../outside", content: "x" }], /leads out of the archive/],
    ["a name with .. in the middle", () => [{ name: "a/../../outside", content: "x" }], /leads out/],
    [
      "a file below a link",
      () => [
        { name: "a", type: "symlink", linkname: folder },
        { name: "a/outside", content: "x" },
      ],
      /lies below "a", which is no folder/,
    ],
    [
      "a folder over a link, then a file in it",
      () => [
        { name: "a", type: "symlink", linkname: folder },
        { name: "a/b/outside", content: "x" },
      ],
      /which is no folder/,
    ],
    [
      "a hard link to a file of the machine",
      () => [{ name: "a", type: "link", linkname: "/etc/passwd" }],
      /which is no file of the archive/,
    ],
    [
      "a hard link through a link",
      () => [
        { name: "a", type: "symlink", linkname: "/etc" },
        { name: "b", type: "link", linkname: "a/passwd" },
      ],
      /which is no file of the archive/,
    ],
    [
      "a hard link to a link",
      () => [
        { name: "a", type: "symlink", linkname: "/etc/passwd" },
        { name: "b", type: "link", linkname: "a" },
      ],
      /which is no file of the archive/,
    ],
    ["a root that is a link", () => [{ name: "./", type: "symlink", linkname: "/" }], /the root of the archive/],
    [
      "an owner that is none",
      () => [{ name: "a", content: "x", pax: { uid: "4294967295" } }],
      /"a" has no valid owner/,
    ],
    ["an owner beyond all", () => [{ name: "a", content: "x", pax: { gid: "1099511627776" } }], /no valid owner/],
    ["an owner in words", () => [{ name: "a", content: "x", pax: { uid: "0x0" } }], /no valid owner/],
    ["a sparse file", () => [{ name: "a", content: "x", pax: { "GNU.sparse.major": "1" } }], /"a" is a sparse file/],
    ["a folder with contents replaced", () => [{ name: "a/b" }, { name: "a", content: "x" }], /ENOTEMPTY/],
  ];
  for (const [name, entries, reason] of rows)
    test(name, async () => {
      await expect(take(await archive(entries()))).rejects.toThrow(reason);
      expect(readdirSync(`${folder}/data/images`)).toEqual([]);
      expect(imageNames(native, places)).toEqual({});
      expect(() => statSync(outside())).toThrow();
    });

  test("cut at any place", async () => {
    const whole = await archive(ROOT);
    for (const at of [1, 511, 513, 1500, 2049]) {
      await expect(take(whole.subarray(0, at))).rejects.toThrow(/cannot read the archive/);
      expect(readdirSync(`${folder}/data/images`)).toEqual([]);
    }
  });

  test("no archive at all, nothing, another compression", async () => {
    const noise = new Uint8Array(5000).map((_, i) => (i * 97 + 13) & 255);
    await expect(take(noise)).rejects.toThrow(/cannot read the archive/);
    await expect(take(new Uint8Array())).rejects.toThrow(/it is empty/);
    await expect(take(new Uint8Array(1024))).rejects.toThrow(/no entry/);
    await expect(take(Buffer.from("BZh91AY&SY"))).rejects.toThrow(/compressed by bzip2/);
    await expect(take(gzipSync(await archive(ROOT)).subarray(0, 60))).rejects.toThrow(/cannot read/);
  });

  test("a header that claims gigabytes of names", async () => {
    const bytes = await archive([{ name: "x", content: "1" }]);
    const long = Buffer.from(bytes.subarray(0, 512));
    long.write("x", 156); // a pax header
    long.write("77777777777\0", 124); // of 8 GiB
    long.fill(" ", 148, 156);
    const sum = long.reduce((total, byte) => total + byte, 0);
    long.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    const endless = (async function* () {
      yield long;
      for (let i = 0; i < 4000; i++) yield new Uint8Array(65_536);
    })();
    const before = process.memoryUsage().rss;
    await expect(importImage(native, places, endless, "x:latest", new Date())).rejects.toThrow(
      "Header exceeds max size",
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  });
});

test("an import that was killed is no image", async () => {
  const { id } = await take(await archive(ROOT));
  rmSync(`${folder}/data/images/${id}/image.json`);
  writeFileSync(`${folder}/data/images/${id}/rootfs/stale`, "");
  expect(allImages(native, places)).toEqual([]);
  await take(await archive(ROOT));
  expect(readdirSync(rootfsOf(places, id))).not.toContain("stale");
});
