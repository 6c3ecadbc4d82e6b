import { expect, test } from "bun:test";
import { NUD } from "../../src/netlink/rtnl/index.ts";
import { lacksLinkKind, testUnless } from "../support/skip.ts";
import { makePair, makeWorld } from "./world.ts";

test("neighbours: added, replaced, listed, deleted; proxies", async () => {
  await using world = await makeWorld();
  const { kernel, json } = world;
  const { v0 } = await makePair(world);
  await kernel.neigh.add({ link: v0.index, dst: "10.1.0.9", mac: "02:00:00:00:00:09" });
  await kernel.neigh.add({ link: v0.index, dst: "fd00::9", mac: "02:00:00:00:00:0a", state: NUD.NOARP });
  await expect(kernel.neigh.add({ link: v0.index, dst: "10.1.0.9", mac: "02:00:00:00:00:0b" })).rejects.toMatchObject({
    code: "EEXIST",
  });
  await kernel.neigh.replace({ link: v0.index, dst: "10.1.0.9", mac: "02:00:00:00:00:0b" });
  const shown = await json("ip", "-j", "neigh", "show", "dev", "v0", "nud", "all");
  expect(shown).toContainEqual(
    expect.objectContaining({ dst: "10.1.0.9", lladdr: "02:00:00:00:00:0b", state: ["PERMANENT"] }),
  );
  expect(shown).toContainEqual(expect.objectContaining({ dst: "fd00::9", state: ["NOARP"] }));
  const listed = await kernel.neigh.list(v0.index);
  expect(listed).toContainEqual({
    link: v0.index,
    family: 4,
    dst: "10.1.0.9",
    mac: "02:00:00:00:00:0b",
    state: NUD.PERMANENT,
    flags: 0,
    attrs: expect.objectContaining({ dst: "10.1.0.9" }),
  });
  await kernel.neigh.add({ link: v0.index, dst: "10.1.0.77", proxy: true });
  expect(await json("ip", "-j", "neigh", "show", "proxy")).toMatchObject([{ dst: "10.1.0.77", dev: "v0" }]);
  await kernel.neigh.del(v0.index, "10.1.0.77", { proxy: true });
  expect(await json("ip", "-j", "neigh", "show", "proxy")).toEqual([]);
  await kernel.neigh.del(v0.index, "fd00::9");
  await expect(kernel.neigh.del(v0.index, "10.1.0.99")).rejects.toMatchObject({ code: "ENOENT" });
});

test("forwarding entries of a bridge", async () => {
  await using world = await makeWorld();
  const { kernel, json } = world;
  const bridge = await kernel.link.add({ name: "br0", up: true, info: { kind: "bridge" } });
  const { v0 } = await makePair(world);
  await kernel.link.set(v0.index, { master: bridge.index });
  await kernel.fdb.add({ link: v0.index, mac: "02:00:00:00:00:0b", table: "master", state: NUD.NOARP });
  const shown = await json("bridge", "-j", "fdb", "show", "br", "br0");
  expect(shown).toContainEqual(expect.objectContaining({ mac: "02:00:00:00:00:0b", ifname: "v0", state: "static" }));
  const listed = await kernel.fdb.list({ master: bridge.index });
  expect(listed).toContainEqual(
    expect.objectContaining({ link: v0.index, mac: "02:00:00:00:00:0b", table: "master", master: bridge.index }),
  );
  await kernel.fdb.del({ link: v0.index, mac: "02:00:00:00:00:0b", table: "master" });
  expect((await kernel.fdb.list({ link: v0.index })).some((e) => e.mac === "02:00:00:00:00:0b")).toBe(false);
});

testUnless(lacksLinkKind("vxlan"), "forwarding entries of a VXLAN, several destinations for one address", async () => {
  await using world = await makeWorld();
  const { kernel, json } = world;
  const { v0 } = await makePair(world);
  const vx = await kernel.link.add({ name: "vx7", info: { kind: "vxlan", data: { vni: 7, port: 4789 } } });
  const flood = "00:00:00:00:00:00";
  await kernel.fdb.append({ link: vx.index, mac: flood, dst: "10.0.0.2" });
  await kernel.fdb.append({ link: vx.index, mac: flood, dst: "10.0.0.3", port: 4790, vni: 8, via: v0.index });
  await kernel.fdb.add({ link: vx.index, mac: "02:00:00:00:00:0c", dst: "10.0.0.2" });
  const shown = await json("bridge", "-j", "fdb", "show", "dev", "vx7");
  const listed = await kernel.fdb.list({ link: vx.index });
  expect([shown.length, listed.length]).toEqual([3, 3]);
  // The table is hashed: no order.
  for (const wanted of [
    { mac: flood, dst: "10.0.0.2" },
    { mac: flood, dst: "10.0.0.3", port: 4790, vni: 8, viaIf: "v0" },
    { mac: "02:00:00:00:00:0c", dst: "10.0.0.2" },
  ])
    expect(shown).toContainEqual(expect.objectContaining(wanted));
  for (const wanted of [
    { mac: flood, dst: "10.0.0.2", table: "self" },
    { mac: flood, dst: "10.0.0.3", port: 4790, vni: 8, via: v0.index },
    { mac: "02:00:00:00:00:0c", dst: "10.0.0.2" },
  ])
    expect(listed).toContainEqual(expect.objectContaining(wanted));
  await kernel.fdb.del({ link: vx.index, mac: flood, dst: "10.0.0.3", port: 4790, vni: 8, via: v0.index });
  await kernel.fdb.replace({ link: vx.index, mac: "02:00:00:00:00:0c", dst: "10.0.0.9" });
  expect((await kernel.fdb.list({ link: vx.index })).map((e) => e.dst).sort()).toEqual(["10.0.0.2", "10.0.0.9"]);
});

test("many requests at once: each refusal in its place, the others take effect, one acknowledgement", async () => {
  await using world = await makeWorld();
  const { kernel, json } = world;
  const { v0 } = await makePair(world);
  const neighbours = Array.from({ length: 300 }, (_, i) =>
    kernel.neigh.replacing({ link: v0.index, dst: `10.1.${i >> 8}.${i & 255}`, mac: "02:00:00:00:00:09" }),
  );
  const refused = kernel.neigh.deleting(v0.index, "10.9.9.9");
  const outcome = await kernel.attempt(...neighbours.slice(0, 100), refused, ...neighbours.slice(100), refused);
  expect(outcome.flatMap((error, i) => (error ? [[i, error.code]] : []))).toEqual([
    [100, "ENOENT"],
    [301, "ENOENT"],
  ]);
  expect((await json("ip", "-j", "neigh", "show", "dev", "v0", "nud", "permanent")).length).toBe(300);
  const rest = await kernel.attempt(
    ...neighbours.map((_, i) => kernel.neigh.deleting(v0.index, `10.1.${i >> 8}.${i & 255}`)),
  );
  expect(rest.every((error) => error === undefined)).toBe(true);
  expect(await json("ip", "-j", "neigh", "show", "dev", "v0", "nud", "permanent")).toEqual([]);
  expect(await kernel.attempt()).toEqual([]);
});
