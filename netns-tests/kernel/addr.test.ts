import { expect, test } from "bun:test";
import { makePair, makeWorld, type Witness, type World } from "./world.ts";

async function addresses(world: World, link: string): Promise<Witness[]> {
  const [shown] = await world.json("ip", "-j", "-d", "addr", "show", "dev", link);
  return shown?.["addr_info"] as Witness[];
}

test("adds, lists and deletes addresses of both families", async () => {
  await using world = await makeWorld();
  const { kernel } = world;
  const { v0 } = await makePair(world);
  await kernel.addr.add({ link: v0.index, address: "10.1.0.5/16", label: "v0:web", broadcast: "10.1.255.255" });
  await kernel.addr.add({ link: v0.index, address: "fd00::5/64", nodad: true, priority: 77 });
  await kernel.addr.add({ link: v0.index, address: "10.2.0.5/24", noPrefixRoute: true });
  await kernel.addr.add({ link: v0.index, address: "10.3.0.5", peer: "10.3.0.9" });
  await kernel.addr.add({ link: v0.index, address: "fd01::5/64", validSec: 3600, preferredSec: 1800 });

  const shown = await addresses(world, "v0");
  expect(shown).toContainEqual(
    expect.objectContaining({
      local: "10.1.0.5",
      prefixlen: 16,
      broadcast: "10.1.255.255",
      label: "v0:web",
      scope: "global",
    }),
  );
  expect(shown).toContainEqual(expect.objectContaining({ local: "fd00::5", prefixlen: 64, nodad: true, metric: 77 }));
  const plain = shown.find((a) => a["local"] === "10.2.0.5");
  expect(plain).toMatchObject({ noprefixroute: true });
  expect(plain).not.toHaveProperty("broadcast");
  expect(shown).toContainEqual(expect.objectContaining({ local: "10.3.0.5", address: "10.3.0.9", prefixlen: 32 }));

  const listed = await kernel.addr.list(v0.index);
  expect(listed.map((a) => `${a.address}/${a.prefixLen}`).sort()).toEqual(
    shown.map((a) => `${a["local"]}/${a["prefixlen"]}`).sort(),
  );
  expect(listed.find((a) => a.address === "fd00::5")).toMatchObject({
    family: 6,
    tentative: false,
    validSec: undefined,
  });
  expect(listed.find((a) => a.address === "10.3.0.5")).toMatchObject({ family: 4, peer: "10.3.0.9" });
  expect(listed.find((a) => a.address === "fd01::5")?.validSec).toBeWithin(3500, 3601);
  expect((await kernel.addr.list()).some((a) => a.address === "127.0.0.1")).toBe(true);
  expect(await kernel.addr.list(4711)).toEqual([]);

  await kernel.addr.del(v0.index, "10.1.0.5/16");
  await kernel.addr.del(v0.index, "fd00::5/64");
  const left = (await addresses(world, "v0")).map((a) => a["local"]);
  expect(left).not.toContain("10.1.0.5");
  expect(left).not.toContain("fd00::5");
});

test("an address that is there is refused, replace changes it, one that is not there cannot be deleted", async () => {
  await using world = await makeWorld();
  const { kernel } = world;
  const { v0 } = await makePair(world);
  await kernel.addr.add({ link: v0.index, address: "fd00::5/64", nodad: true });
  await expect(kernel.addr.add({ link: v0.index, address: "fd00::5/64" })).rejects.toMatchObject({ code: "EEXIST" });
  await kernel.addr.replace({ link: v0.index, address: "fd00::5/64", validSec: 1000, preferredSec: 500 });
  const found = (await kernel.addr.list(v0.index)).find((a) => a.address === "fd00::5");
  expect(found?.preferredSec).toBeWithin(400, 501);
  await expect(kernel.addr.del(v0.index, "10.9.0.1/24")).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
  await expect(kernel.addr.add({ link: 4711, address: "10.9.0.1/24" })).rejects.toMatchObject({ code: "ENODEV" });
});

test("127.0.0.0/8 has host scope, as ip gives it", async () => {
  await using world = await makeWorld();
  await world.kernel.addr.add({ link: 1, address: "127.0.0.2/8" });
  expect(await addresses(world, "lo")).toContainEqual(expect.objectContaining({ local: "127.0.0.2", scope: "host" }));
});

test("text that is no address is refused before anything is sent", async () => {
  await using world = await makeWorld();
  const { addr } = world.kernel;
  for (const address of ["10.1.0.5/33", "10.1.0/8", "fd00::/129", "10.1.0.5/", "", "a/24"])
    expect(() => addr.adding({ link: 1, address })).toThrow(TypeError);
});

test("addresses, link-up and routes go in one exchange", async () => {
  await using host = await makeWorld();
  await using pod = await makeWorld();
  await host.kernel.link.addVeth({ name: "v0", up: true, peer: { name: "eth0", netns: pod.kernel } });
  const inside = await pod.kernel.link.get("eth0");
  if (!inside) throw new Error("no eth0");
  const { addr, link, route } = pod.kernel;
  await pod.kernel.commit(
    addr.adding({ link: inside.index, address: "10.1.0.5/16" }),
    addr.adding({ link: inside.index, address: "fd00::5/64", nodad: true }),
    link.setting(inside.index, { up: true }),
    route.adding({ dst: "0.0.0.0/0", gw: "10.1.0.1", oif: inside.index }),
    route.adding({ dst: "::/0", gw: "fd00::1", oif: inside.index }),
  );
  expect(await pod.json("ip", "-j", "route", "show", "default")).toMatchObject([{ gateway: "10.1.0.1", dev: "eth0" }]);
  expect(await pod.json("ip", "-j", "-6", "route", "show", "default")).toMatchObject([
    { gateway: "fd00::1", dev: "eth0" },
  ]);
  const shown = (await addresses(pod, "eth0")).map((a) => a["local"]);
  expect(shown).toContain("10.1.0.5");
  expect(shown).toContain("fd00::5");
});

test("the first refusal in an exchange is the one thrown", async () => {
  await using world = await makeWorld();
  const { kernel } = world;
  const { v0 } = await makePair(world);
  const sending = kernel.commit(
    kernel.addr.adding({ link: v0.index, address: "10.1.0.5/16" }),
    kernel.route.adding({ dst: "10.9.0.0/16", gw: "192.0.2.1", oif: v0.index }),
    kernel.addr.adding({ link: 4711, address: "10.1.0.6/16" }),
  );
  await expect(sending).rejects.toMatchObject({ op: 'RTM_NEWROUTE "10.9.0.0/16"', code: "ENETUNREACH" });
  expect((await addresses(world, "v0")).map((a) => a["local"])).toContain("10.1.0.5");
});
