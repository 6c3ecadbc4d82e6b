import { expect, test } from "bun:test";
import { parseCidr } from "../../src/ip/index.ts";
import { ethertypeOf, htbClass, htbQdisc, matchPrefix, redirectAll, tbfOptions } from "../../src/netlink/tc/index.ts";
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

test("one qdisc is asked for by its place", async () => {
  await using world = await makeWorld();
  const { kernel } = world;
  const { v0 } = await makePair(world);
  const of = (parent?: string) => kernel.tc.getQdisc({ link: v0.index, parent });
  expect([await of(), await of("ingress"), await of("1:30")]).toEqual([undefined, undefined, undefined]);
  await kernel.tc.addQdisc({ link: v0.index, handle: "1:", kind: "htb", data: htbQdisc(0) });
  const limits = { rateBytesPerSec: 1_250_000, burstBytes: 15_360 };
  await kernel.tc.addClass({ link: v0.index, parent: "1:", handle: "1:30", kind: "htb", data: htbClass(limits) });
  const bucket = tbfOptions({ rateBytesPerSec: 1_000_000, burstBytes: 32_768, latencyMs: 25 });
  await kernel.tc.addQdisc({ link: v0.index, parent: "1:30", handle: "2:", kind: "tbf", data: bucket });
  await kernel.tc.addQdisc({ link: v0.index, kind: "ingress" });
  expect(await of()).toMatchObject({ link: v0.index, kind: "htb", handle: "1:", parent: "root" });
  expect(await of("1:30")).toMatchObject({ kind: "tbf", handle: "2:", parent: "1:30" });
  expect(await of("ingress")).toMatchObject({ kind: "ingress", handle: "ffff:" });
  await kernel.link.del(v0.index);
  expect(of()).rejects.toThrow("ENODEV");
});

test("prefixes are matched as tc matches them", async () => {
  await using world = await makeWorld();
  const { kernel, place } = world;
  const links = await makePair(world);
  for (const { index } of Object.values(links))
    await kernel.tc.addQdisc({ link: index, handle: "1:", kind: "htb", data: htbQdisc(0) });
  const rows: [side: "src" | "dst", prefix: string][] = [
    ["dst", "10.1.2.3/32"],
    ["src", "10.0.0.0/9"],
    ["dst", "0.0.0.0/0"],
    ["src", "fd00:1:2:3::/64"],
    ["dst", "fd00:1::8000/113"],
    ["dst", "2001:db8::1/128"],
    ["src", "fc00::/7"],
  ];
  for (const [i, [side, text]] of rows.entries()) {
    const prefix = parseCidr(text);
    if (!prefix) throw new Error(text);
    const { family } = prefix.ip;
    await kernel.tc.addFilter({
      link: links.v0.index,
      parent: "1:",
      priority: i + 1,
      protocol: ethertypeOf(family),
      kind: "u32",
      data: matchPrefix(side, prefix, 0x1_0030),
    });
    const [protocol, ip] = family === 4 ? ["ip", "ip"] : ["ipv6", "ip6"];
    const match = ["u32", "match", ip, side, text, "classid", "1:30"];
    const place1 = ["dev", "v1", "parent", "1:", "protocol", protocol, "prio", String(i + 1)];
    await place.exec("tc", "filter", "add", ...place1, ...match);
  }
  const show = (dev: string) => place.exec("tc", "-d", "filter", "show", "dev", dev);
  expect(await show("v0")).toBe(await show("v1"));
});

test("a bucket that takes longer than ticks can say is as large as it was asked for", async () => {
  await using world = await makeWorld();
  const { kernel } = world;
  const { v0 } = await makePair(world);
  const [rateBytesPerSec, burstBytes] = [125_000, 500_000_000];
  const data = tbfOptions({ rateBytesPerSec, burstBytes, latencyMs: 25 });
  await kernel.tc.addQdisc({ link: v0.index, handle: "1:", kind: "tbf", data });
  const { attrs } = (await kernel.tc.getQdisc({ link: v0.index })) ?? {};
  // What the kernel says is cut to 32 bits; of the clamped `buffer` alone it would be 0xffffffff, or 4.3 s.
  const ticks = ((burstBytes / rateBytesPerSec) * 1e9) / 64;
  expect(attrs?.kind === "tbf" && attrs.data?.parms?.buffer).toBe(ticks % 2 ** 32);
});
