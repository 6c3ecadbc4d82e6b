import { expect, test } from "bun:test";
import { makePair, makeWorld } from "./world.ts";

test("a namespace gets a number once, and its links are listed and deleted by it when no path leads there", async () => {
  await using host = await makeWorld();
  await using pod = await makeWorld();
  await using stranger = await makeWorld();
  await makePair(pod);
  await makePair(stranger);
  expect(await host.kernel.knownNetnsIds()).toEqual([]);
  await host.kernel.ensureNetnsId(pod.kernel);
  await host.kernel.ensureNetnsId(pod.kernel);
  const [netnsId, ...others] = await host.kernel.knownNetnsIds();
  expect(others).toEqual([]);
  if (netnsId === undefined) throw new Error("no number");
  const [witness] = await host.json("ip", "-j", "netns", "list-id");
  expect(witness).toMatchObject({ nsid: netnsId, name: pod.place.name });

  await host.kernel.link.addVeth({ name: "v0", peer: { name: "other" } });
  const links = await host.kernel.link.list({ netnsId });
  expect(links.map(({ name }) => name).sort()).toEqual(["lo", "v0", "v1"]);
  expect((await host.kernel.link.list({ netnsId, kind: "veth" })).map(({ name }) => name).sort()).toEqual(["v0", "v1"]);
  expect(await host.kernel.link.list({ netnsId, kind: "macvlan" })).toEqual([]);

  // The one of the same name here, and in a namespace without a number, stay.
  await host.kernel.link.del(links.find(({ name }) => name === "v0")?.index ?? 0, { netnsId });
  expect((await pod.json("ip", "-j", "link")).map(({ ifname }) => ifname)).toEqual(["lo"]);
  expect((await host.json("ip", "-j", "link")).map(({ ifname }) => ifname)).toContain("v0");
  expect((await stranger.json("ip", "-j", "link")).map(({ ifname }) => ifname)).toContain("v0");
});

test("a number of nobody is refused", async () => {
  await using host = await makeWorld();
  await expect(host.kernel.link.list({ netnsId: 4711 })).rejects.toMatchObject({ code: "EINVAL" });
});
