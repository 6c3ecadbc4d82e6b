/**
 * The library against the kernel, in a namespace of its own (needs root): the schemas on recorded messages, a dump of
 * 10,000 routes beside `ip`, a veth pair made and deleted. Prints the best of several rounds.
 */
import { makeWorld } from "../netns-tests/kernel/world.ts";
import { newLink, newRoute } from "../src/netlink/rtnl/index.ts";
import { loadGolden } from "../src/netlink/wire/golden.ts";

const ROUTES = 10_000;

async function best(name: string, rounds: number, divisor: number, unit: string, work: () => Promise<void> | void) {
  let lowest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = Bun.nanoseconds();
    await work();
    lowest = Math.min(lowest, Bun.nanoseconds() - start);
  }
  console.log(`${name.padEnd(44)} ${(lowest / divisor).toFixed(2).padStart(8)} ${unit}`);
}

const links = await loadGolden(new URL("../src/netlink/rtnl/link.hex", import.meta.url));
const routes = await loadGolden(new URL("../src/netlink/rtnl/route.hex", import.meta.url));
const many = 2_000;
for (const [name, schema, bytes] of [
  ["link of a bridge, 1540 bytes", newLink, links("told: port of a bridge")],
  ["route, 80 bytes", newRoute, routes("told")],
] as const) {
  await best(`${name}: decode`, 20, many * 1e3, "µs", () => {
    for (let i = 0; i < many; i++) schema.decode(bytes);
  });
  const value = schema.decode(bytes);
  await best(`${name}: encode`, 20, many * 1e3, "µs", () => {
    for (let i = 0; i < many; i++) schema.encode(value as never);
  });
}

await using world = await makeWorld();
const { kernel, place } = world;
const { index } = await kernel.link.addVeth({ name: "v0", up: true, peer: { name: "v1", up: true } });
const dst = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`;
const specs = Array.from({ length: ROUTES }, (_, i) => ({ dst: dst(i), oif: index, table: 1000 }));
await best("10,000 routes: add, 500 to an exchange", 1, 1e6, "ms", async () => {
  for (let at = 0; at < ROUTES; at += 500)
    await kernel.commit(...specs.slice(at, at + 500).map((spec) => kernel.route.adding(spec)));
});
await best("10,000 routes: list", 10, 1e6, "ms", async () => {
  const { length } = await kernel.route.list({ family: 4, table: 1000 });
  if (length !== ROUTES) throw new Error(`${length} routes`);
});
await best("10,000 routes: ip -j route, whole process", 5, 1e6, "ms", async () => {
  await place.exec("ip", "-j", "route", "show", "table", "1000");
});
await best("one link: get", 200, 1e3, "µs", async () => {
  await kernel.link.get("v0");
});
await using pod = await makeWorld();
await best("veth pair: make, set the alias, delete", 20, 1e6, "ms", async () => {
  await kernel.link.addVeth({ name: "w0", alias: "bench", up: true, peer: { name: "w1", netns: pod.kernel } });
  await kernel.link.del("w0");
});
