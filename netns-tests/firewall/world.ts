import type { JsonObject } from "../../src/cni/types.ts";
import { type Container, HOST, makeWorld, type World } from "../portmap/world.ts";
import type { Chain } from "../support/chain.ts";
import { netnsAt, type Place } from "../support/place.ts";
import type { PrivateHost } from "../support/private-host.ts";
import { reaches, serveAll } from "../support/traffic.ts";

export { CONTAINER_PORT, HOST, lacksBridgeNetfilter, NEIGHBOUR } from "../portmap/world.ts";
export type { Container, World };
export { makeWorld };

export const FAMILIES = [4, 6] as const;

/** bridge, portmap and firewall. */
export const guarded = (world: World, name: string, index: number, keys: JsonObject = {}): Chain =>
  world.network(name, {}, index, { behind: [{ type: "firewall", ...keys }] });

/** The neighbour on the LAN as "the outside": a server there, and a way to the containers, which it should not need. */
export async function openOutside(world: World): Promise<AsyncDisposable> {
  for (const family of FAMILIES)
    for (const index of [1, 2, 3])
      await world.neighbour.exec(
        "ip",
        `-${family}`,
        "route",
        "replace",
        family === 4 ? `10.${index}.0.0/16` : `fd00:${index}::/64`,
        "via",
        HOST[family],
      );
  return serveAll(world.neighbour, OUTSIDE_PORT);
}

export const OUTSIDE_PORT = 81;

/** Whether an address answers over TCP and UDP; both must say the same. */
export async function answers(from: Place, address: string, port: number, patient: boolean): Promise<boolean> {
  const options = patient ? { timeoutMs: 4_000 } : {};
  const seen = await Promise.all(
    (["tcp", "udp"] as const).map((proto) => reaches(from, proto, address, port, options)),
  );
  if (seen[0] !== seen[1]) throw new Error(`${from.name} → ${address} port ${port}: tcp ${seen[0]}, udp ${seen[1]}`);
  return seen[0] === true;
}

/** A namespace for a container on a private host, which has a /run of its own. */
export async function sandboxOn(host: PrivateHost, name: string): Promise<{ netns: string; place: Place }> {
  await host.exec("ip", "netns", "add", name);
  const netns = `/run/netns/${name}`;
  return { netns, place: netnsAt(host.outsidePath(netns), name) };
}

/** What was expected of each pair, in words, and what was seen: for one comparison at the end. */
export class Sightings {
  readonly expected: Record<string, boolean> = {};
  readonly seen: Record<string, boolean> = {};

  async look(what: string, from: Place, address: string, port: number, expected: boolean): Promise<void> {
    this.expected[what] = expected;
    this.seen[what] = await answers(from, address, port, expected);
  }
}

/** Sets the policy of FORWARD with iptables (nf_tables), both families. */
export async function dropForwarded(host: Place): Promise<void> {
  for (const tool of ["iptables-nft", "ip6tables-nft"]) await host.exec(tool, "-P", "FORWARD", "DROP");
}

/** Rules of iptables' FORWARD and its neighbours, as iptables prints them, those of both families. */
export async function iptablesRules(host: Place, chain = "FORWARD"): Promise<string[]> {
  const texts = [];
  for (const tool of ["iptables-nft", "ip6tables-nft"]) texts.push(await host.exec(tool, "-S", chain));
  return texts
    .join("")
    .split("\n")
    .filter((line) => line !== "");
}
