import { expect, test } from "bun:test";
import { RTN } from "../../src/netlink/rtnl/index.ts";
import { makePair, makeWorld, type World } from "./world.ts";

async function makeRouted(): Promise<World & { v0: number; v1: number }> {
  const world = await makeWorld();
  const { v0, v1 } = await makePair(world);
  await world.kernel.addr.add({ link: v0.index, address: "10.1.0.5/16" });
  await world.kernel.addr.add({ link: v0.index, address: "fd00::5/64", nodad: true });
  return { ...world, v0: v0.index, v1: v1.index };
}

test("adds routes with every field of a CNI route, and reads them back", async () => {
  await using world = await makeRouted();
  const { kernel, json, v0 } = world;
  await kernel.route.add({
    dst: "10.2.0.0/16",
    gw: "10.1.0.1",
    oif: v0,
    priority: 50,
    table: 1000,
    mtu: 1400,
    advmss: 1360,
    src: "10.1.0.5",
    scope: 0,
  });
  expect(await json("ip", "-j", "-d", "route", "show", "table", "1000")).toMatchObject([
    {
      dst: "10.2.0.0/16",
      gateway: "10.1.0.1",
      dev: "v0",
      metric: 50,
      prefsrc: "10.1.0.5",
      protocol: "boot",
      scope: "global",
      metrics: [{ mtu: 1400, advmss: 1360 }],
    },
  ]);
  expect(await kernel.route.list({ table: 1000 })).toMatchObject([
    {
      family: 4,
      dst: "10.2.0.0/16",
      gw: "10.1.0.1",
      oif: v0,
      priority: 50,
      table: 1000,
      scope: 0,
      mtu: 1400,
      advmss: 1360,
      src: "10.1.0.5",
      onlink: false,
    },
  ]);
});

test("scope is that of ip route: link without a gateway, universe with one", async () => {
  await using world = await makeRouted();
  const { kernel, json, v0 } = world;
  await kernel.route.add({ dst: "10.4.0.0/16", oif: v0 });
  await kernel.route.add({ dst: "10.5.0.0/16", gw: "10.1.0.1" });
  await kernel.route.add({ dst: "10.6.0.0/16", gw: "192.0.2.1", oif: v0, onlink: true });
  await kernel.route.add({ dst: "10.7.0.0/16", type: RTN.BLACKHOLE });
  await kernel.route.add({ dst: "10.8.0.0/16", gw: "fd00::1", oif: v0 });
  await kernel.route.add({ dst: "::/0", gw: "fd00::1" });
  const shown = await json("ip", "-j", "-d", "route");
  const of = (dst: string) => shown.find((r) => r["dst"] === dst);
  expect(of("10.4.0.0/16")).toMatchObject({ scope: "link" });
  expect(of("10.5.0.0/16")).toMatchObject({ scope: "global", gateway: "10.1.0.1" });
  expect(of("10.6.0.0/16")).toMatchObject({ gateway: "192.0.2.1", flags: ["onlink"] });
  expect(of("10.7.0.0/16")).toMatchObject({ type: "blackhole" });
  expect(of("10.8.0.0/16")).toMatchObject({ via: { family: "inet6", host: "fd00::1" } });
  const mine = await kernel.route.list();
  expect(mine.find((r) => r.dst === "::/0")).toMatchObject({ family: 6, gw: "fd00::1", oif: v0 });
  expect(mine.find((r) => r.dst === "10.6.0.0/16")?.onlink).toBe(true);
  expect(mine.find((r) => r.dst === "10.8.0.0/16")?.gw).toBe("fd00::1");
});

test("several ways with weights", async () => {
  await using world = await makeRouted();
  const { kernel, json, v0 } = world;
  const nexthops = [
    { gw: "10.1.0.1", oif: v0, weight: 3 },
    { gw: "10.1.0.2", oif: v0 },
  ];
  await kernel.route.add({ dst: "10.9.0.0/16", nexthops });
  const [shown] = (await json("ip", "-j", "route")).filter((r) => r["dst"] === "10.9.0.0/16");
  expect(shown?.["nexthops"]).toMatchObject([
    { gateway: "10.1.0.1", dev: "v0", weight: 3 },
    { gateway: "10.1.0.2", dev: "v0", weight: 1 },
  ]);
  const found = (await kernel.route.list()).find((r) => r.dst === "10.9.0.0/16");
  expect(found?.nexthops).toEqual([
    { gw: "10.1.0.1", oif: v0, weight: 3 },
    { gw: "10.1.0.2", oif: v0, weight: 1 },
  ]);
  await kernel.route.del({ dst: "10.9.0.0/16" });
  expect((await kernel.route.list()).some((r) => r.dst === "10.9.0.0/16")).toBe(false);
});

test("a taken route is refused, replace takes it over, deletion needs only what tells it apart", async () => {
  await using world = await makeRouted();
  const { kernel, json, v0 } = world;
  await kernel.route.add({ dst: "10.2.0.0/16", gw: "10.1.0.1" });
  await expect(kernel.route.add({ dst: "10.2.0.0/16", gw: "10.1.0.2" })).rejects.toMatchObject({ code: "EEXIST" });
  await kernel.route.replace({ dst: "10.2.0.0/16", gw: "10.1.0.2" });
  await kernel.route.add({ dst: "10.2.0.0/16", gw: "10.1.0.3", priority: 9 });
  await kernel.route.del({ dst: "10.2.0.0/16", gw: "10.1.0.3" });
  const left = (await json("ip", "-j", "route")).filter((r) => r["dst"] === "10.2.0.0/16");
  expect(left).toMatchObject([{ gateway: "10.1.0.2" }]);
  await kernel.route.del({ dst: "10.2.0.0/16", oif: v0 });
  await expect(kernel.route.del({ dst: "10.2.0.0/16" })).rejects.toMatchObject({ code: "ESRCH" });
});

test("filters by family, link, table, type and protocol; an absent table is empty", async () => {
  await using world = await makeRouted();
  const { kernel, v0, v1 } = world;
  await kernel.addr.add({ link: v1, address: "10.3.0.1/24" });
  const all = await kernel.route.list();
  expect(new Set(all.map((r) => r.family))).toEqual(new Set([4, 6]));
  expect((await kernel.route.list({ family: 4 })).every((r) => r.family === 4)).toBe(true);
  expect((await kernel.route.list({ family: 4, oif: v1 })).map((r) => r.dst)).toEqual(["10.3.0.0/24"]);
  expect((await kernel.route.list({ family: 4, oif: v0 })).map((r) => r.dst)).toEqual(["10.1.0.0/16"]);
  expect(await kernel.route.list({ table: 4242 })).toEqual([]);
  const everything = await kernel.route.list({ family: 4, table: "all" });
  expect(everything.some((r) => r.table === 255 && r.dst === "10.1.0.5/32" && r.type === RTN.LOCAL)).toBe(true);
  const local = await kernel.route.list({ family: 4, table: 255, type: RTN.LOCAL });
  expect(local.every((r) => r.type === RTN.LOCAL) && local.length > 0).toBe(true);
});

test("finds the way to an address", async () => {
  await using world = await makeRouted();
  const { kernel, json, v0 } = world;
  await kernel.route.add({ dst: "0.0.0.0/0", gw: "10.1.0.1" });
  for (const to of ["10.1.0.9", "192.0.2.1", "fd00::9", "127.0.0.1"]) {
    const [shown] = await json("ip", "-j", "route", "get", to);
    const found = await kernel.route.get(to);
    expect({ gw: found.gw, src: found.src }).toEqual({
      gw: shown?.["gateway"] as string | undefined,
      src: shown?.["prefsrc"] as string | undefined,
    });
  }
  expect((await kernel.route.get("10.1.0.9")).oif).toBe(v0);
  await expect(kernel.route.get("2001:db8::1")).rejects.toMatchObject({ code: "ENETUNREACH" });
});
