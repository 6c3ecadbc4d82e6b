import { expect, test } from "bun:test";
import { makePair, makeWorld } from "./world.ts";

test("lists, finds by index, name and alternative name, and knows what is not there", async () => {
  await using world = await makeWorld();
  const { kernel, place, json } = world;
  const { v0 } = await makePair(world);
  await place.exec("ip", "link", "property", "add", "dev", "v0", "altname", "a-name-of-more-than-15-bytes");
  await kernel.link.add({ name: "br0", info: { kind: "bridge" } });

  const witness = await json("ip", "-j", "-d", "link");
  const all = await kernel.link.list();
  expect(all.map(({ index, name, mac, mtu }) => ({ index, name, mac, mtu }))).toEqual(
    witness.map((w) => ({ index: w["ifindex"], name: w["ifname"], mac: w["address"], mtu: w["mtu"] }) as never),
  );
  for (const target of [v0.index, "v0", "a-name-of-more-than-15-bytes"]) {
    const found = await kernel.link.get(target);
    expect(found).toMatchObject({ index: v0.index, name: "v0", kind: "veth", up: true, running: true });
    expect(found?.altNames).toEqual(["a-name-of-more-than-15-bytes"]);
  }
  expect(await kernel.link.get("nobody")).toBeUndefined();
  expect(await kernel.link.get(4711)).toBeUndefined();
  expect(await kernel.link.get("")).toBeUndefined();
  expect((await kernel.link.list({ kind: "bridge" })).map((l) => l.name)).toEqual(["br0"]);
  expect(await kernel.link.list({ kind: "macvlan" })).toEqual([]);
});

test("a veth pair is born whole: peer inside with name, address and MTU, host end up, on its bridge, with its alias", async () => {
  await using host = await makeWorld();
  await using pod = await makeWorld();
  const bridge = await host.kernel.link.add({
    name: "br0",
    up: true,
    mtu: 1400,
    address: "02:00:00:00:00:0a",
    info: { kind: "bridge", data: { ageingTimeCs: 12_300 } },
  });
  expect(bridge).toMatchObject({ kind: "bridge", up: true, mac: "02:00:00:00:00:0a", mtu: 1400 });

  const link = await host.kernel.link.addVeth({
    name: "veth1",
    alias: "tsnet1 whose it is, é",
    master: bridge.index,
    up: true,
    mtu: 1400,
    peer: { name: "eth0", netns: pod.kernel, address: "02:00:00:00:00:0b" },
  });
  expect(link).toMatchObject({ name: "veth1", master: bridge.index, alias: "tsnet1 whose it is, é", mtu: 1400 });

  const [outer] = await host.json("ip", "-j", "-d", "link", "show", "dev", "veth1");
  expect(outer).toMatchObject({ master: "br0", ifalias: "tsnet1 whose it is, é", mtu: 1400, address: link.mac });
  expect(outer?.["flags"]).toContain("UP");
  const [inner] = await pod.json("ip", "-j", "-d", "link", "show", "dev", "eth0");
  expect(inner).toMatchObject({ mtu: 1400, address: "02:00:00:00:00:0b", ifindex: link.peerIndex });
  expect(inner?.["flags"]).not.toContain("UP");
  expect(link.peerNetnsId).toBe(Number(outer?.["link_netnsid"]));
  const [parent] = await host.json("ip", "-j", "-d", "link", "show", "dev", "br0");
  expect(parent).toMatchObject({ linkinfo: { info_data: { ageing_time: 12_300 } } });

  expect(await host.kernel.link.waitUp(link.index, { timeoutMs: 30 })).toBe(false);
  await pod.kernel.link.set("eth0", { up: true });
  expect(await host.kernel.link.waitUp(link.index, { timeoutMs: 2_000 })).toBe(true);
  await host.kernel.link.del("veth1");
  expect(await pod.kernel.link.get("eth0")).toBeUndefined();
});

test("a pair with a taken name is refused and nobody's alias changes", async () => {
  await using world = await makeWorld();
  const { kernel } = world;
  await makePair(world);
  await kernel.link.set("v0", { alias: "somebody's" });
  const adding = kernel.link.addVeth({ name: "v0", alias: "ours", peer: { name: "v9" } });
  await expect(adding).rejects.toMatchObject({ code: "EEXIST" });
  expect((await kernel.link.get("v0"))?.alias).toBe("somebody's");
  expect(await kernel.link.get("v9")).toBeUndefined();
});

test("a pair whose second message fails is removed again", async () => {
  await using world = await makeWorld();
  const { kernel } = world;
  const adding = kernel.link.addVeth({ name: "v0", alias: "x".repeat(256), peer: { name: "v1" } });
  await expect(adding).rejects.toMatchObject({ name: "NetlinkError", extack: { path: "attrs.ifalias" } });
  expect((await kernel.link.list()).map((l) => l.name)).toEqual(["lo"]);
});

test("changes what ip link set changes", async () => {
  await using world = await makeWorld();
  const { kernel, json } = world;
  const { v0 } = await makePair(world);
  const bridge = await kernel.link.add({ name: "br0", info: { kind: "bridge" } });
  await kernel.link.set(v0.index, {
    mtu: 1300,
    address: "02:00:00:00:00:0c",
    master: bridge.index,
    alias: "hello",
    promisc: true,
    allmulticast: true,
    arp: false,
    txqlen: 77,
    group: 5,
  });
  const [changed] = await json("ip", "-j", "-d", "link", "show", "dev", "v0");
  expect(changed).toMatchObject({
    mtu: 1300,
    address: "02:00:00:00:00:0c",
    master: "br0",
    ifalias: "hello",
    txqlen: 77,
    group: "5",
  });
  for (const flag of ["PROMISC", "ALLMULTI", "NOARP", "UP"]) expect(changed?.["flags"]).toContain(flag);
  expect((await kernel.link.get("v0"))?.promiscuity).toBe(2);

  await kernel.link.set("v0", { up: false, master: 0, promisc: false, alias: "" });
  await kernel.link.set("v0", { name: "web0" });
  const [renamed] = await json("ip", "-j", "-d", "link", "show", "dev", "web0");
  expect(renamed).not.toHaveProperty("master");
  expect(renamed).not.toHaveProperty("ifalias");
  for (const flag of ["PROMISC", "UP"]) expect(renamed?.["flags"]).not.toContain(flag);
  await expect(kernel.link.set("v0", { up: true })).rejects.toMatchObject({ code: "ENODEV", op: 'RTM_NEWLINK "v0"' });
});

test("moves a link into the namespace of another process, and makes one there", async () => {
  await using world = await makeWorld();
  await using other = await makeWorld();
  await makePair(world);
  const sleeper = Bun.spawn([...other.place.enter, "sleep", "60"]);
  try {
    // The child is in the namespace once nsenter has executed sleep.
    const comm = (): Promise<string> => Bun.file(`/proc/${sleeper.pid}/comm`).text();
    while ((await comm()) !== "sleep\n") await Bun.sleep(5);
    await using there = await world.kernel.enter(`/proc/${sleeper.pid}/ns/net`);
    expect(there.identity).toBe(other.kernel.identity);
    expect(there.identity).not.toBe(world.kernel.identity);
    await world.kernel.link.set("v1", { netns: there });
    const made = await world.kernel.link.add({ name: "ifb7", netns: there, info: { kind: "ifb" } });
    expect(made.name).toBe("ifb7");
  } finally {
    sleeper.kill();
    await sleeper.exited;
  }
  expect((await other.json("ip", "-j", "link")).map((l) => l["ifname"])).toEqual(["lo", "v1", "ifb7"] as never);
  expect((await world.kernel.link.list()).map((l) => l.name)).toEqual(["lo", "v0"]);
});

test("the namespace of this process can be a peer's home too", async () => {
  await using world = await makeWorld();
  await using back = await makeWorld();
  // Two kernels of one namespace, opened apart.
  await using again = await world.kernel.enter(world.place.path);
  expect(again.identity).toBe(world.kernel.identity);
  await world.kernel.link.addVeth({ name: "v0", peer: { name: "v1", netns: again, up: true } });
  expect((await back.kernel.link.list()).map((l) => l.name)).toEqual(["lo"]);
  expect((await world.kernel.link.get("v1"))?.up).toBe(true);
});

test("counters count", async () => {
  await using world = await makeWorld();
  await makePair(world);
  await world.place.exec("ip", "addr", "add", "10.1.0.1/24", "dev", "v0");
  await world.place.run(["ping", "-c", "1", "-W", "1", "10.1.0.9"]);
  const link = await world.kernel.link.get("v0");
  const [witness] = await world.json("ip", "-j", "-s", "link", "show", "dev", "v0");
  const shown = witness?.["stats64"] as { tx: { bytes: number } } | undefined;
  expect(link?.attrs.stats64?.txBytes).toBeGreaterThan(0n);
  expect(Number(link?.attrs.stats64?.txBytes)).toBeLessThanOrEqual(shown?.tx.bytes ?? 0);
});
