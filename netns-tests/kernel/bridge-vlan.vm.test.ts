/** VLANs of bridge ports, which need a kernel with CONFIG_BRIDGE_VLAN_FILTERING. */
import { expect, test } from "bun:test";
import { makePair, makeWorld, type World } from "./world.ts";

interface ShownVlan {
  vlan: number;
  flags?: string[];
}

async function shown(world: World, link: string): Promise<ShownVlan[]> {
  const [entry] = (await world.json("bridge", "-j", "vlan", "show")).filter((e) => e["ifname"] === link);
  return (entry?.["vlans"] ?? []) as ShownVlan[];
}

const range = (from: number, to: number): ShownVlan[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ vlan: from + i }));

async function makeFiltering(world: World): Promise<{ bridge: number; port: number }> {
  const bridge = await world.kernel.link.add({
    name: "br0",
    up: true,
    info: { kind: "bridge", data: { vlanFiltering: 1 } },
  });
  const { v0 } = await makePair(world);
  await world.kernel.link.set(v0.index, { master: bridge.index });
  return { bridge: bridge.index, port: v0.index };
}

test("a port gets exactly the VLANs it is given, ranges among them", async () => {
  await using world = await makeWorld();
  const { port } = await makeFiltering(world);
  const { link } = world.kernel;
  expect(await link.bridgeVlans(port)).toEqual([{ vid: 1, pvid: true, untagged: true }]);

  await link.setBridgeVlans(port, [{ vid: 10, pvid: true, untagged: true }, { vid: 100, end: 199 }, { vid: 300 }]);
  expect(await shown(world, "v0")).toEqual([
    { vlan: 10, flags: ["PVID", "Egress Untagged"] },
    ...range(100, 199),
    { vlan: 300 },
  ]);
  const listed = await link.bridgeVlans(port);
  expect(listed.length).toBe(102);
  expect(listed[0]).toEqual({ vid: 10, pvid: true, untagged: true });
  expect(listed.at(-1)).toEqual({ vid: 300 });

  await link.setBridgeVlans(port, [{ vid: 150, end: 160 }]);
  expect(await shown(world, "v0")).toEqual(range(150, 160));
});

test("VLANs are added to and taken from a port, and the bridge itself", async () => {
  await using world = await makeWorld();
  const { bridge, port } = await makeFiltering(world);
  const { link } = world.kernel;
  await link.addBridgeVlans(port, [{ vid: 20 }, { vid: 1, pvid: true }]);
  expect(await shown(world, "v0")).toEqual([{ vlan: 1, flags: ["PVID"] }, { vlan: 20 }]);
  await link.delBridgeVlans(port, [{ vid: 1 }]);
  expect(await shown(world, "v0")).toEqual([{ vlan: 20 }]);
  await link.addBridgeVlans(bridge, [{ vid: 30 }], "self");
  expect((await shown(world, "br0")).map((v) => v.vlan)).toEqual([1, 30]);
  expect((await link.bridgeVlans(bridge)).map((v) => v.vid)).toEqual([1, 30]);
  await link.delBridgeVlans(bridge, [{ vid: 30 }], "self");
  expect((await shown(world, "br0")).map((v) => v.vlan)).toEqual([1]);
});

test("all 4094 of them", async () => {
  await using world = await makeWorld();
  const { port } = await makeFiltering(world);
  await world.kernel.link.setBridgeVlans(port, [{ vid: 1, end: 4094 }]);
  expect(await world.kernel.link.bridgeVlans(port)).toHaveLength(4094);
});

test("a bridge made without its default VLAN gives its ports none", async () => {
  await using world = await makeWorld();
  const { kernel } = world;
  const data = { vlanFiltering: 1, vlanDefaultPvid: 0 };
  const bridge = await kernel.link.add({ name: "br0", info: { kind: "bridge", data } });
  const { v0 } = await makePair(world);
  await kernel.link.set(v0.index, { master: bridge.index });
  expect(await kernel.link.bridgeVlans(v0.index)).toEqual([]);
});
