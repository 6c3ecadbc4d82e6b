import { expect, test } from "bun:test";
import { makePair, makeWorld } from "./world.ts";

test("sets a bridge's port and tells of it", async () => {
  await using world = await makeWorld();
  const { kernel, json } = world;
  const bridge = await kernel.link.add({ name: "br0", up: true, info: { kind: "bridge" } });
  const { v0 } = await makePair(world);
  await kernel.link.set(v0.index, { master: bridge.index });
  expect((await kernel.link.get("v0"))?.bridgePort).toMatchObject({ hairpin: false, isolated: false, learning: true });

  await kernel.link.setBridgePort(v0.index, {
    hairpin: true,
    isolated: true,
    learning: false,
    neighSuppress: true,
    cost: 9,
  });
  const [port] = (await json("bridge", "-j", "-d", "link")).filter((l) => l["ifname"] === "v0");
  expect(port).toMatchObject({
    hairpin: true,
    isolated: true,
    learning: false,
    neigh_suppress: true,
    cost: 9,
    flood: true,
  });
  expect((await kernel.link.get("v0"))?.bridgePort).toMatchObject({ hairpin: true, isolated: true, learning: false });

  await kernel.link.setBridgePort(v0.index, { hairpin: false });
  expect((await kernel.link.get("v0"))?.bridgePort).toMatchObject({ hairpin: false, isolated: true });
});

test("a link that is no port is refused by name of the operation", async () => {
  await using world = await makeWorld();
  const { v0 } = await makePair(world);
  await expect(world.kernel.link.setBridgePort(v0.index, { hairpin: true })).rejects.toMatchObject({
    op: `RTM_SETLINK "#${v0.index}"`,
    code: "EOPNOTSUPP",
  });
});

test("changes a bridge's own settings", async () => {
  await using world = await makeWorld();
  const { kernel, json } = world;
  const { index } = await kernel.link.add({ name: "br0", info: { kind: "bridge" } });
  await kernel.link.setKind(index, { kind: "bridge", data: { stpState: 1, nfCallIptables: 1, groupFwdMask: 8 } });
  const [bridge] = await json("ip", "-j", "-d", "link", "show", "dev", "br0");
  expect(bridge).toMatchObject({
    linkinfo: { info_data: { stp_state: 1, nf_call_iptables: 1, group_fwd_mask: "0x8" } },
  });
});
