import { expect, test } from "bun:test";
import { loadNative } from "../../native/load.ts";
import { getLink } from "../../src/netlink/rtnl/index.ts";
import { NETLINK, NLM_F, nativeTransport, netlinkSocket, request } from "../../src/netlink/socket/index.ts";
import { makePair, makeWorld, type World } from "./world.ts";

const ROUTES = 10_000;
const dstOf = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`;

/** Adds many routes, some hundred to an exchange. */
async function addRoutes({ kernel }: World, count: number, oif: number): Promise<void> {
  for (let from = 0; from < count; from += 500) {
    const some = Array.from({ length: Math.min(500, count - from) }, (_, i) =>
      kernel.route.adding({ dst: dstOf(from + i), oif, table: 1000 }),
    );
    await kernel.commit(...some);
  }
}

test("10,000 routes are listed, each once", async () => {
  await using world = await makeWorld();
  const { v0 } = await makePair(world);
  await addRoutes(world, ROUTES, v0.index);
  const listed = await world.kernel.route.list({ table: 1000 });
  expect(new Set(listed.map((r) => r.dst)).size).toBe(ROUTES);
  expect(listed.length).toBe(ROUTES);
  expect(await world.json("ip", "-j", "route", "show", "table", "1000")).toHaveLength(ROUTES);
});

test("a list that is changed while it is read is read again, or told of; never silently short", async () => {
  await using world = await makeWorld("aside");
  const { kernel, place } = world;
  const { v0 } = await makePair(world);
  await addRoutes(world, 4_000, v0.index);
  // Somebody adds and removes links meanwhile, which is what interrupts a dump of links.
  const busy = place.run([
    "sh",
    "-c",
    "i=0; while [ $i -lt 150 ]; do ip link add name x$i type ifb; ip link del x$i; i=$((i+1)); done",
  ]);
  let done = false;
  const finished = busy.then(() => {
    done = true;
  });
  let lists = 0;
  while (!done) {
    const [links, routes] = await Promise.all([
      kernel.link.list().catch((error: unknown) => error),
      kernel.route.list({ table: 1000 }),
    ]);
    if (Array.isArray(links)) expect(links.map((l) => l.name)).toEqual(expect.arrayContaining(["lo", "v0", "v1"]));
    else expect(links).toMatchObject({ code: "EINTR" });
    expect(routes.length).toBe(4_000);
    lists++;
  }
  await finished;
  expect(lists).toBeGreaterThan(3);
});

test("the kernel's sign that a dump was interrupted is seen", async () => {
  await using world = await makeWorld("aside");
  const { place } = world;
  const links = Array.from({ length: 120 }, (_, i) => `link add name d${i} type ifb`).join("\n");
  await place.run(["ip", "-batch", "-"], { stdin: links });
  const native = loadNative();
  const netns = native.netnsOpen(place.path);
  const socket = netlinkSocket(nativeTransport(native, NETLINK.ROUTE, netns, "aside"));
  try {
    const changes = Array.from({ length: 80 }, (_, i) => `link add name x${i} type ifb\nlink del x${i}`).join("\n");
    const busy = place.run(["ip", "-batch", "-"], { stdin: changes });
    let done = false;
    const finished = busy.then(() => {
      done = true;
    });
    let interrupted = 0;
    const ask = request(getLink, {}, NLM_F.REQUEST | NLM_F.DUMP);
    while (!done) {
      const [outcome] = await socket.exchange([ask]);
      if (outcome?.interrupted) interrupted++;
      else expect(outcome?.replies.length).toBeGreaterThanOrEqual(121);
    }
    await finished;
    expect(interrupted).toBeGreaterThan(0);
    // The list that people get has been read again until it was whole.
    expect((await world.kernel.link.list()).length).toBe(121);
  } finally {
    socket.close();
    native.closeFd(netns);
  }
});
