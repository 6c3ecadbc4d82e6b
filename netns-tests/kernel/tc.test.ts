import { expect, test } from "bun:test";
import { htbClass, htbQdisc, redirectAll, tbfOptions } from "../../src/netlink/tc/index.ts";
import { makePair, makeWorld } from "./world.ts";

test("a token bucket as tc makes it", async () => {
  await using world = await makeWorld();
  const { kernel, json, place } = world;
  const { v0, v1 } = await makePair(world);
  const spec = { rateBytesPerSec: 1_000_000, burstBytes: 32_768, latencyMs: 25 };
  await kernel.tc.replaceQdisc({ link: v0.index, handle: "5:", kind: "tbf", data: tbfOptions(spec) });
  await place.exec(
    "tc",
    "qdisc",
    "replace",
    "dev",
    "v1",
    "root",
    "handle",
    "5:",
    "tbf",
    "rate",
    "8mbit",
    "burst",
    "32k",
    "latency",
    "25ms",
  );
  const [ours] = await json("tc", "-j", "-d", "qdisc", "show", "dev", "v0");
  const [theirs] = await json("tc", "-j", "-d", "qdisc", "show", "dev", "v1");
  expect(ours).toEqual(theirs as never);
  expect(ours).toMatchObject({ kind: "tbf", handle: "5:", options: { rate: 1_000_000, burst: "32Kb/1", lat: 25_000 } });
  const [mine, other] = [await kernel.tc.listQdiscs(v0.index), await kernel.tc.listQdiscs(v1.index)];
  expect(mine[0]?.attrs.data).toEqual(other[0]?.attrs.data as never);

  const fast = { rateBytesPerSec: 5_000_000_000, burstBytes: 8 << 20, limitBytes: 9 << 20 };
  await kernel.tc.replaceQdisc({ link: v0.index, handle: "5:", kind: "tbf", data: tbfOptions(fast) });
  const [faster] = await json("tc", "-j", "-d", "qdisc", "show", "dev", "v0");
  expect(faster).toMatchObject({ options: { rate: 5_000_000_000 } });
  await kernel.tc.delQdisc({ link: v0.index });
  expect(await json("tc", "-j", "qdisc", "show", "dev", "v0")).toMatchObject([{ kind: "noqueue" }]);
});

test("classes of a hierarchical token bucket as tc makes them", async () => {
  await using world = await makeWorld();
  const { kernel, json, place } = world;
  const { v0 } = await makePair(world);
  await kernel.tc.addQdisc({ link: v0.index, handle: "1:", kind: "htb", data: htbQdisc(0x30) });
  const limits = {
    rateBytesPerSec: 1_250_000,
    ceilBytesPerSec: 2_500_000,
    burstBytes: 15_360,
    cburstBytes: 16_384,
    prio: 3,
  };
  await kernel.tc.addClass({ link: v0.index, parent: "1:", handle: "1:30", kind: "htb", data: htbClass(limits) });
  await place.exec("tc", "qdisc", "add", "dev", "v1", "root", "handle", "1:", "htb", "default", "30");
  const theirs = "rate 10mbit ceil 20mbit burst 15k cburst 16k prio 3".split(" ");
  await place.exec("tc", "class", "add", "dev", "v1", "parent", "1:", "classid", "1:30", "htb", ...theirs);
  const show = (dev: string) => place.exec("tc", "-d", "class", "show", "dev", dev);
  expect(await show("v0")).toBe(await show("v1"));
  expect(await json("tc", "-j", "qdisc", "show", "dev", "v0")).toMatchObject([
    { kind: "htb", options: { default: "0x30" } },
  ]);
  expect(await kernel.tc.listClasses(v0.index)).toMatchObject([{ handle: "1:30", parent: "root", kind: "htb" }]);
  await kernel.tc.delClass({ link: v0.index, handle: "1:30" });
  expect(await kernel.tc.listClasses(v0.index)).toEqual([]);
});

test("what comes in is redirected to an ifb", async () => {
  await using world = await makeWorld();
  const { kernel, json } = world;
  const { v0 } = await makePair(world);
  const ifb = await kernel.link.add({ name: "ifb7", up: true, info: { kind: "ifb" } });
  await kernel.tc.addQdisc({ link: v0.index, kind: "ingress" });
  await kernel.tc.addFilter({
    link: v0.index,
    parent: "ffff:",
    priority: 7,
    kind: "u32",
    data: redirectAll(ifb.index),
  });
  const filters = await json("tc", "-j", "filter", "show", "dev", "v0", "parent", "ffff:");
  expect(filters.at(-1)).toMatchObject({
    protocol: "all",
    pref: 7,
    kind: "u32",
    options: { actions: [{ kind: "mirred", mirred_action: "redirect", direction: "egress", to_dev: "ifb7" }] },
  });
  const listed = await kernel.tc.listFilters(v0.index, "ffff:");
  expect(listed.at(-1)).toMatchObject({ kind: "u32", priority: 7, protocol: 3, parent: "ffff:" });
  const before = (await kernel.link.get("ifb7"))?.attrs.stats64?.rxPackets ?? 0n;
  await world.place.exec("ip", "addr", "add", "10.1.0.1/24", "dev", "v1");
  await world.place.run(["ping", "-c", "1", "-W", "1", "10.1.0.9"]);
  expect((await kernel.link.get("ifb7"))?.attrs.stats64?.rxPackets).toBeGreaterThan(before);
  await kernel.tc.delFilters({ link: v0.index, parent: "ffff:", priority: 7 });
  expect(await kernel.tc.listFilters(v0.index, "ffff:")).toEqual([]);
  await kernel.tc.delQdisc({ link: v0.index, parent: "ingress" });
  expect((await kernel.tc.listQdiscs(v0.index)).map((q) => q.kind)).toEqual(["noqueue"]);
});

test("clsact holds filters for both directions", async () => {
  await using world = await makeWorld();
  const { kernel, json } = world;
  const { v0, v1 } = await makePair(world);
  await kernel.tc.addQdisc({ link: v0.index, kind: "clsact" });
  await kernel.tc.addFilter({
    link: v0.index,
    parent: "ffff:fff3",
    protocol: 0x0800,
    kind: "u32",
    data: redirectAll(v1.index),
  });
  const filters = await json("tc", "-j", "filter", "show", "dev", "v0", "egress");
  expect(filters.at(-1)).toMatchObject({ protocol: "ip", kind: "u32" });
  expect(await json("tc", "-j", "filter", "show", "dev", "v0", "ingress")).toEqual([]);
});
