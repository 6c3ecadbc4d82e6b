import { expect, test } from "bun:test";
import type { Monitor, MonitorEvent } from "../../src/kernel/monitor.ts";
import { makePair, makeWorld } from "./world.ts";

async function until(monitor: Monitor, wanted: (event: MonitorEvent) => boolean): Promise<MonitorEvent[]> {
  const seen: MonitorEvent[] = [];
  for (;;) {
    const { value, done } = await monitor.next();
    if (done) return seen;
    seen.push(value);
    if (wanted(value)) return seen;
  }
}

test("tells of links, addresses, routes, neighbours and rules as they come and go", async () => {
  await using world = await makeWorld("aside");
  const { kernel, place } = world;
  await using monitor = kernel.monitor(["link", "addr", "route", "neigh", "rule"]);
  await place.exec("ip", "link", "add", "name", "v0", "type", "veth", "peer", "name", "v1");
  await place.exec("ip", "link", "set", "dev", "v0", "up");
  await place.exec("ip", "addr", "add", "10.1.0.5/16", "dev", "v0");
  await place.exec("ip", "route", "add", "10.2.0.0/16", "via", "10.1.0.1");
  await place.exec("ip", "neigh", "add", "10.1.0.9", "lladdr", "02:00:00:00:00:09", "dev", "v0");
  await place.exec("ip", "rule", "add", "priority", "100", "table", "7");
  await place.exec("ip", "link", "del", "dev", "v0");
  const events = await until(monitor, (e) => e.topic === "link" && e.change === "del" && e.link.name === "v0");
  const has = (wanted: object): void => expect(events).toContainEqual(expect.objectContaining(wanted));
  has({ topic: "link", change: "new", link: expect.objectContaining({ name: "v0", kind: "veth" }) });
  has({ topic: "link", change: "new", link: expect.objectContaining({ name: "v0", up: true }) });
  has({ topic: "addr", change: "new", addr: expect.objectContaining({ address: "10.1.0.5", prefixLen: 16 }) });
  has({ topic: "route", change: "new", route: expect.objectContaining({ dst: "10.2.0.0/16", gw: "10.1.0.1" }) });
  has({ topic: "neigh", change: "new", neigh: expect.objectContaining({ dst: "10.1.0.9" }) });
  has({ topic: "rule", change: "new", rule: expect.objectContaining({ priority: 100, table: 7 }) });
  has({ topic: "addr", change: "del", addr: expect.objectContaining({ address: "10.1.0.5" }) });
});

test("a list taken after subscribing misses nothing, and only the wanted topics come", async () => {
  await using world = await makeWorld("aside");
  const { kernel } = world;
  await using monitor = kernel.monitor(["link"]);
  await makePair(world);
  const events = await until(monitor, (e) => e.topic === "link" && e.link.name === "v1" && e.link.up);
  expect(events.every((e) => e.topic === "link")).toBe(true);
});

test("messages lost to a full buffer come as a call to list again, and then it goes on", async () => {
  await using world = await makeWorld("aside");
  const { kernel, place } = world;
  const { v0 } = await makePair(world);
  await using monitor = kernel.monitor(["route"]);
  // Nobody reads meanwhile: the receive buffer of 4 MiB holds a few thousand notifications.
  for (let round = 0; round < 30; round++) {
    const routes = Array.from({ length: 1_000 }, (_, i) => ({
      dst: `10.${round}.${i >> 8}.${i & 255}/32`,
      oif: v0.index,
    }));
    await kernel.commit(...routes.map((r) => kernel.route.adding(r)));
  }
  const events = await until(monitor, (e) => e.topic === "resync");
  expect(events.at(-1)).toEqual({ topic: "resync" });
  expect(await kernel.route.list({ family: 4 })).toHaveLength(30_000);
  await place.exec("ip", "route", "add", "192.0.2.0/24", "dev", "v0");
  const later = await until(monitor, (e) => e.topic === "route" && e.route.dst === "192.0.2.0/24");
  expect(later.length).toBeGreaterThan(0);
});

test("stops when the consumer does, when it is disposed, and with the kernel", async () => {
  await using world = await makeWorld("aside");
  const { kernel, place } = world;
  const first = kernel.monitor(["link"]);
  const waiting = first.next();
  await first.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await first.next()).toEqual({ done: true, value: undefined });

  const second = await kernel.enter(place.path);
  const orphan = second.monitor(["link"]).next();
  await second[Symbol.asyncDispose]();
  expect(await orphan).toEqual({ done: true, value: undefined });

  const third = kernel.monitor(["link"]);
  const adding = place.exec("ip", "link", "add", "name", "ifb7", "type", "ifb");
  for await (const event of third) {
    expect(event).toMatchObject({ topic: "link", change: "new" });
    break;
  }
  await adding;
  expect(await third.next()).toEqual({ done: true, value: undefined });
});
