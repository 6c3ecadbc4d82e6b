/** Who reaches whom under each ingress policy, by real traffic of both families and protocols. */
import { expect } from "bun:test";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import {
  CONTAINER_PORT,
  dropForwarded,
  FAMILIES,
  guarded,
  HOST,
  iptablesRules,
  lacksBridgeNetfilter,
  makeWorld,
  NEIGHBOUR,
  OUTSIDE_PORT,
  openOutside,
  Sightings,
} from "./world.ts";

const lacks = [lacksRoot, lacksBridgeNetfilter(), lacksCommand("iptables-nft", "ip6tables-nft")];
const PUBLISHED = 8080;

const EXPECTED = {
  open: { sibling: true, stranger: true },
  "same-bridge": { sibling: true, stranger: false },
  isolated: { sibling: false, stranger: false },
} as const;

for (const [policy, { sibling: reachesSibling, stranger: reachesStranger }] of Object.entries(EXPECTED))
  for (const bridgeNetfilter of [0, 1] as const)
    testUnless(
      lacks,
      `${policy}: who reaches whom, with bridge-nf-call-iptables ${bridgeNetfilter} and FORWARD dropping`,
      async () => {
        await using world = await makeWorld({ bridgeNetfilter });
        const { host, neighbour } = world;
        await dropForwarded(host);
        await using _outside = await openOutside(world);
        const keys = { ingressPolicy: policy };
        const blue = guarded(world, "blue", 1, keys);
        const red = guarded(world, "red", 2, keys);
        const plain = guarded(world, "plain", 3);
        const mappings = ["tcp", "udp"].map((protocol) => ({ hostPort: PUBLISHED, protocol }));
        const one = await world.container(blue, mappings);
        const sibling = await world.container(blue, []);
        const stranger = await world.container(red, []);
        const open = await world.container(plain, []);

        const sightings = new Sightings();
        for (const family of FAMILIES) {
          const look = (what: string, ...rest: [from: typeof host, address: string, port: number, yes: boolean]) =>
            sightings.look(`v${family}: ${what}`, ...rest);
          await Promise.all([
            look("a container of the same network", sibling.netns, one.ip[family], CONTAINER_PORT, reachesSibling),
            look(
              "a container of another network with this policy",
              stranger.netns,
              one.ip[family],
              CONTAINER_PORT,
              reachesStranger,
            ),
            look("the other way round", one.netns, stranger.ip[family], CONTAINER_PORT, reachesStranger),
            look("a container of a network that is open", open.netns, one.ip[family], CONTAINER_PORT, true),
            look("to a container of a network that is open", one.netns, open.ip[family], CONTAINER_PORT, true),
            look("the host", host, one.ip[family], CONTAINER_PORT, true),
            look("to the outside", one.netns, NEIGHBOUR[family], OUTSIDE_PORT, true),
            look("the outside", neighbour, one.ip[family], CONTAINER_PORT, false),
            // What is published is for all, whatever the policy.
            look("the outside, published", neighbour, HOST[family], PUBLISHED, true),
            look("the same network, published", sibling.netns, HOST[family], PUBLISHED, true),
            look("another network with this policy, published", stranger.netns, HOST[family], PUBLISHED, true),
            look("an open network, published", open.netns, HOST[family], PUBLISHED, true),
            look("itself, published", one.netns, HOST[family], PUBLISHED, true),
            look("the host, published", host, HOST[family], PUBLISHED, true),
          ]);
        }
        expect(sightings.seen).toEqual(sightings.expected);

        for (const each of [one, sibling, stranger, open]) await each.chain.check(each.attachment);
        for (const each of [one, sibling, stranger, open]) await each.chain.del(each.attachment);
        // The last takes along what all shared.
        expect(await host.exec("nft", "list", "ruleset")).not.toMatch(/fw-[0-9a-f]{16}|fw-isolate|elements/);
        expect(await iptablesRules(host)).toEqual(["-P FORWARD DROP", "-P FORWARD DROP"]);
      },
      60_000,
    );
