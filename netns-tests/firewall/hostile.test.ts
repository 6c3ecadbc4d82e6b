/** Ways round a policy that a container may try: it is root in its own namespace. */
import { expect } from "bun:test";
import type { Place } from "../support/place.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import {
  answers,
  CONTAINER_PORT,
  dropForwarded,
  FAMILIES,
  guarded,
  lacksBridgeNetfilter,
  makeWorld,
  NEIGHBOUR,
  OUTSIDE_PORT,
  openOutside,
  Sightings,
} from "./world.ts";

const lacks = [lacksRoot, lacksBridgeNetfilter(), lacksCommand("iptables-nft", "ip6tables-nft", "ping")];
const GATEWAY = { 4: "10.1.0.1", 6: "fd00:1::1" } as const;
/** Of the network, and nobody's. */
const UNUSED = { 4: "10.1.7.7", 6: "fd00:1::777" } as const;

/** iputils' ping, which takes addresses with a zone. */
const pings = async (from: Place, address: string): Promise<boolean> =>
  (await from.run(["ping", "-q", "-c", "2", "-i", "0.3", "-W", "1", address])).code === 0;

for (const bridgeNetfilter of [0, 1] as const)
  testUnless(
    lacks,
    `isolated holds against routes, link-local addresses and addresses of one's own, bridge-nf-call-iptables ${bridgeNetfilter}`,
    async () => {
      await using world = await makeWorld({ bridgeNetfilter });
      const blue = guarded(world, "blue", 1, { ingressPolicy: "isolated" });
      const victim = await world.container(blue, []);
      const attacker = await world.container(blue, []);
      const { netns } = attacker;
      const sightings = new Sightings();

      // Round by the gateway.
      for (const family of FAMILIES) {
        const length = family === 4 ? 32 : 128;
        await netns.exec("ip", `-${family}`, "route", "add", `${victim.ip[family]}/${length}`, "via", GATEWAY[family]);
        await sightings.look(`v${family}: by the gateway`, netns, victim.ip[family], CONTAINER_PORT, false);
        await netns.exec("ip", `-${family}`, "route", "del", `${victim.ip[family]}/${length}`);
      }
      // From an address that is nobody's.
      for (const family of FAMILIES) {
        const length = family === 4 ? 16 : 64;
        const nodad = family === 6 ? ["nodad"] : [];
        await netns.exec("ip", "addr", "add", `${UNUSED[family]}/${length}`, "dev", "eth0", ...nodad);
        await netns.exec("ip", "addr", "del", `${attacker.ip[family]}/${length}`, "dev", "eth0");
        await sightings.look(`v${family}: another source`, netns, victim.ip[family], CONTAINER_PORT, false);
        await netns.exec("ip", "addr", "add", `${attacker.ip[family]}/${length}`, "dev", "eth0", ...nodad);
      }
      expect(sightings.seen).toEqual(sightings.expected);
      // By addresses that the firewall knows nothing of.
      const shown = await victim.netns.exec("ip", "-6", "addr", "show", "dev", "eth0", "scope", "link");
      const [local = ""] = /fe80[0-9a-f:]+/.exec(shown) ?? [];
      expect(local).toStartWith("fe80");
      expect(await pings(netns, `${local}%eth0`)).toBe(false);
      await victim.netns.exec("ip", "addr", "add", "172.20.0.1/24", "dev", "eth0");
      await netns.exec("ip", "addr", "add", "172.20.0.2/24", "dev", "eth0");
      expect(await pings(netns, "172.20.0.1")).toBe(false);
      // The tries were good: without the policy they succeed.
      await world.host.exec("nft", "flush set bridge tsnet isolated; flush set inet tsnet fw-links");
      await netns.exec("ip", "neigh", "flush", "dev", "eth0");
      expect(await pings(netns, `${local}%eth0`)).toBe(true);
      expect(await pings(netns, "172.20.0.1")).toBe(true);
      await netns.exec("ip", "route", "add", `${victim.ip[4]}/32`, "via", GATEWAY[4]);
      expect(await answers(netns, victim.ip[4], CONTAINER_PORT, true)).toBe(true);
    },
    60_000,
  );

testUnless(
  lacks,
  "same-bridge holds against forged sources, and FORWARD's drop against addresses nobody was given",
  async () => {
    await using world = await makeWorld({ bridgeNetfilter: 0 });
    await dropForwarded(world.host);
    await using _outside = await openOutside(world);
    const keys = { ingressPolicy: "same-bridge" };
    const victim = await world.container(guarded(world, "blue", 1, keys), []);
    const attacker = await world.container(guarded(world, "red", 2, keys), []);
    // The first is let through on the way out, the second is not: it is nobody's.
    const forged = { 4: "10.2.9.9", 6: "fd00:2::999" } as const;
    for (const family of FAMILIES) {
      expect(await answers(attacker.netns, NEIGHBOUR[family], OUTSIDE_PORT, true)).toBe(true);
      const length = family === 4 ? 16 : 64;
      const nodad = family === 6 ? ["nodad"] : [];
      await attacker.netns.exec("ip", "addr", "add", `${forged[family]}/${length}`, "dev", "eth0", ...nodad);
      await attacker.netns.exec("ip", "addr", "del", `${attacker.ip[family]}/${length}`, "dev", "eth0");
      if (family === 6) await attacker.netns.exec("ip", "-6", "route", "replace", "default", "via", "fd00:2::1");
      expect(await answers(attacker.netns, victim.ip[family], CONTAINER_PORT, false)).toBe(false);
      expect(await answers(attacker.netns, NEIGHBOUR[family], OUTSIDE_PORT, false)).toBe(false);
    }
  },
);

testUnless(lacks, "a mark that a container sets does not leave it", async () => {
  await using world = await makeWorld();
  await dropForwarded(world.host);
  await using _outside = await openOutside(world);
  await world.container(guarded(world, "blue", 1), []);
  const bare = await world.container(world.network("bare", {}, 2), []);
  await bare.netns.exec(
    "nft",
    "add table inet own; add chain inet own out { type filter hook output priority 0; }; add rule inet own out meta mark set 0x1000",
  );
  for (const family of FAMILIES) expect(await answers(bare.netns, NEIGHBOUR[family], OUTSIDE_PORT, false)).toBe(false);
});
