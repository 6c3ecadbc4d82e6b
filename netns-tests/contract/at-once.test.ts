/** A hundred containers at once on a fresh host. */
import { describe, expect } from "bun:test";
import { contractTest } from "./contract-test.ts";
import { bridgeName } from "./makes.ts";
import { leftovers, makeBench, makeNetwork } from "./network.ts";
import { subject } from "./subjects/index.ts";
import { addressesOn, expectTalk, gateway4, gateway6, linkOf, linksOf } from "./witness.ts";

const COUNT = 100;
/** Every process wants some 25 MB for a moment, and 100 of them on two cores their time. */
const LIMIT_MS = 60_000;

describe(`${COUNT} at once`, () => {
  for (const name of [
    "bridge with a default gateway and masquerading, v4 and v6",
    "portmap behind bridge, v4 and v6",
    "vxlan on a bridge, v4 and v6",
    "firewall behind bridge, v4 and v6",
  ]) {
    const which = subject(name);
    contractTest(
      `${name}: ${COUNT} ADDs make one bridge, one gateway, distinct addresses; ${COUNT} DELs leave nothing`,
      async () => {
        await using bench = await makeBench();
        const network = makeNetwork(bench, which);
        await which.prepare?.(network);
        const before = await bench.snapshot();
        const ids = Array.from({ length: COUNT }, (_, i) => `c${i}`);
        const places: Awaited<ReturnType<typeof network.newContainer>>[] = [];
        for (const id of ids) places.push(await network.newContainer(id));
        const results = await Promise.all(places.map(({ at }) => network.chain.add(at)));

        const addresses = results.flatMap(({ ips = [] }) => ips.map((ip) => ip.address));
        expect(addresses.length).toBe(2 * COUNT);
        expect(new Set(addresses).size).toBe(2 * COUNT);
        const links = await linksOf(bench.host);
        expect(links.filter(({ linkinfo }) => linkinfo?.info_kind === "bridge").length).toBe(1);
        const bridge = await linkOf(bench.host, bridgeName(network.place.index));
        const { index } = network.place;
        expect(addressesOn(bridge).sort()).toEqual([`${gateway4(index)}/24`, `${gateway6(index)}/64`].sort());
        expect(links.filter(({ master }) => master === bridge.ifname).length).toBe(COUNT);
        await expectOneOfEach(await bench.host.exec("nft", "-j", "list", "ruleset"));

        const [first, last] = [0, COUNT - 1].map((i) => {
          const [place, result] = [places[i], results[i]];
          if (!place || !result) throw new Error("no such container");
          const own = (result.ips ?? []).map((ip) => ip.address.replace(/\/.*/, ""));
          return { network, ...place, result, addresses: own };
        });
        if (first && last) await expectTalk(first, last);

        await Promise.all(places.map(({ at }) => network.chain.del(at)));
        expect(leftovers(before, await bench.snapshot(), which)).toEqual([]);
      },
      LIMIT_MS,
    );
  }
});

/** Rules of base chains, of shared chains and of the network's chain each stand once. */
async function expectOneOfEach(json: string): Promise<void> {
  const { nftables } = JSON.parse(json) as { nftables: { rule?: { handle?: number } & Record<string, unknown> }[] };
  const rules = nftables.flatMap(({ rule }) => {
    if (rule === undefined) return [];
    const { handle: _, ...rest } = rule;
    return [JSON.stringify(rest)];
  });
  expect(new Set(rules).size).toBe(rules.length);
}
