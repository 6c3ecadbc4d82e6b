/** DEL twice, and under every circumstance it may be called in: the host is as before the first ADD. */
import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import type { Attachment } from "../support/chain.ts";
import { netnsAt } from "../support/place.ts";
import { callPlugin, PluginFailure } from "../support/plugin.ts";
import { randomName } from "../support/run.ts";
import { settled } from "../support/snapshot.ts";
import { contractTest } from "./contract-test.ts";
import { eachOf } from "./each-of.ts";
import { bridgeName } from "./makes.ts";
import { type Attached, leftovers, makeBench, makeNetwork, type Network } from "./network.ts";
import type { Subject } from "./subject.ts";
import { SUBJECTS } from "./subjects/index.ts";
import { PARENT } from "./subjects/macvlan.ts";
import { containerLink, linksOf } from "./witness.ts";

interface Way {
  readonly name: string;
  /** What becomes of the world or of the request between ADD and DEL. */
  change(attached: Attached): Promise<Partial<Attachment>>;
  /** It ends the container's namespace. */
  readonly ends?: true;
  /** What the change itself takes away. */
  readonly takes?: RegExp;
  /** It can only work where that is. */
  readonly wants?: "bridge" | "macvlan";
}

const noNamespace = (name: string, netns: (attached: Attached) => string | Promise<string>): Way => ({
  name,
  change: async (attached) => ({ netns: await netns(attached) }),
});

/** The host's own interface, and what goes with it. */
const MASTER = new RegExp(`^- (link|addr|route|sysctl) .*${PARENT}`);

const WAYS: readonly Way[] = [
  { name: "twice", change: async () => ({}) },
  noNamespace("with CNI_NETNS empty", () => ""),
  noNamespace("with a path that leads nowhere", () => `/run/netns/${randomName("gone")}`),
  noNamespace("with a plain file for a namespace", ({ network }) => {
    const path = join(network.place.dataDir, "..", "plain");
    writeFileSync(path, "");
    return path;
  }),
  noNamespace("with the host's own namespace", ({ network }) => network.bench.host.path),
  noNamespace("with another container's namespace", async ({ network }) => {
    const stranger = await network.bench.sandbox();
    await stranger.exec("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1");
    return stranger.path;
  }),
  { name: "without prevResult", change: async () => ({ prevResult: null }) },
  { name: "with a prevResult of no use", change: async () => ({ prevResult: { cniVersion: "9.9.9", ips: "?" } }) },
  { name: "without capability arguments", change: async () => ({ runtimeConfig: {} }) },
  {
    name: "with the namespace gone",
    ends: true,
    async change({ sandbox }) {
      await sandbox[Symbol.asyncDispose]();
      return {};
    },
  },
  {
    name: "with the bridge gone",
    wants: "bridge",
    async change({ network }) {
      await network.bench.host.exec("ip", "link", "del", bridgeName(network.place.index));
      return {};
    },
  },
  {
    name: "with the bridge and the namespace gone, and no prevResult",
    ends: true,
    wants: "bridge",
    async change({ network, sandbox }) {
      await network.bench.host.exec("ip", "link", "del", bridgeName(network.place.index));
      await sandbox[Symbol.asyncDispose]();
      return { prevResult: null };
    },
  },
  {
    name: "with the master gone",
    wants: "macvlan",
    takes: MASTER,
    async change({ network }) {
      await network.bench.host.exec("ip", "link", "del", PARENT);
      return {};
    },
  },
  {
    name: "with the master and the namespace gone, and no prevResult",
    ends: true,
    wants: "macvlan",
    takes: MASTER,
    async change({ network, sandbox }) {
      await network.bench.host.exec("ip", "link", "del", PARENT);
      await sandbox[Symbol.asyncDispose]();
      return { prevResult: null };
    },
  },
  {
    name: "with the rule set flushed",
    takes: /^- nft /,
    async change({ network }) {
      await network.bench.host.exec("nft", "flush", "ruleset");
      return {};
    },
  },
];

/** By its name, which says what stands before it in its list as well. */
const has = (subject: Subject, what: string): boolean => subject.name.includes(what);
const givesLink = (subject: Subject): boolean => ["bridge", "macvlan", "ptp"].some((what) => has(subject, what));

async function delLeavesNothing(subject: Subject, way: Way): Promise<void> {
  await using bench = await makeBench();
  const network = makeNetwork(bench, subject);
  await subject.prepare?.(network);
  // The host has a link of the very name that containers give theirs.
  await bench.host.exec("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0-peer");
  const before = await bench.snapshot();
  const attached = await network.attach("one");
  const strangers = attached.at.netns;
  const changed = { ...attached.at, ...(await way.change(attached)) };
  await network.chain.del(changed);
  await network.chain.del({ ...changed, prevResult: changed.prevResult ?? null });
  const ignore = [/^\+ file \S+\/plain/, ...(way.takes ? [way.takes] : [])];
  const look = async () => leftovers(before, await bench.snapshot(), subject, ignore);
  // What has nothing on the host ends with its namespace, when the kernel comes to it.
  const left = way.ends && has(subject, "macvlan") ? await settled(look) : await look();
  expect(left).toEqual([]);
  if (changed.netns !== strangers && /^\/run\/netns\/t/.test(changed.netns))
    await expectStrangerUntouched(network, changed.netns);
}

async function expectStrangerUntouched({ bench }: Network, path: string): Promise<void> {
  expect((await linksOf(netnsAt(path))).map(({ ifname }) => ifname)).toContain("eth0");
  expect((await linksOf(bench.host)).map(({ ifname }) => ifname)).toContain("eth0");
}

describe("DEL", () => {
  for (const subject of SUBJECTS.filter(({ variant }) => !variant)) {
    const ways = WAYS.filter(({ wants }) => !wants || has(subject, wants));
    contractTest(`${subject.name}: DEL leaves nothing in ${ways.length} circumstances`, () =>
      eachOf(
        ways,
        ({ name }) => name,
        (way) => delLeavesNothing(subject, way),
      ),
    );
  }

  for (const subject of SUBJECTS.filter((each) => givesLink(each) && !each.variant))
    contractTest(`${subject.name}: DEL of one attachment leaves the container's other one alone`, async () => {
      await using bench = await makeBench();
      const network = makeNetwork(bench, subject);
      await subject.prepare?.(network);
      const one = await network.attach("one");
      const before = await bench.snapshot();
      const { runtimeConfig } = (await network.newContainer("unused")).at;
      const second: Attachment = { ...one.at, ifName: "eth1", ...(runtimeConfig && { runtimeConfig }) };
      await network.chain.add(second);
      await network.chain.del(second);
      expect(leftovers(before, await bench.snapshot(), subject)).toEqual([]);
      expect((await containerLink(one)).ifname).toBe("eth0");
      await network.chain.check(one.at);
    });

  for (const subject of SUBJECTS.filter(({ variant }) => !variant))
    contractTest(`${subject.name}: DEL without an ADD before it succeeds and changes nothing`, async () => {
      await using bench = await makeBench();
      const network = makeNetwork(bench, subject);
      const before = await bench.snapshot();
      const { at } = await network.newContainer("never");
      await network.chain.del({ ...at, prevResult: null });
      expect(leftovers(before, await bench.snapshot(), { stays: [] })).toEqual([]);
    });

  for (const subject of SUBJECTS.filter(({ variant }) => !variant))
    contractTest(`${subject.name}: DEL cleans although the config's values have become nonsense`, async () => {
      await using bench = await makeBench();
      const network = makeNetwork(bench, subject);
      await subject.prepare?.(network);
      const before = await bench.snapshot();
      const { at } = await network.attach("one");
      for (const plugin of [...network.plugins].reverse()) {
        const conf = nonsense(plugin);
        const answer = await callPlugin({
          command: "DEL",
          conf: { ...conf, name: network.place.name, cniVersion: "1.1.0" },
          host: bench.host,
          containerId: at.containerId,
          netns: at.netns,
          ifName: "eth0",
          args: "nonsense",
        });
        if (answer.code !== 0) throw new PluginFailure("DEL", String(plugin["type"]), answer);
      }
      expect(leftovers(before, await bench.snapshot(), subject)).toEqual([]);
    });
});

/** Wrong types and values wherever ADD alone needs them. */
function nonsense(plugin: JsonObject): JsonObject {
  const ipam = plugin["ipam"] as JsonObject | undefined;
  return {
    ...plugin,
    mtu: -1,
    vlan: "many",
    hairpinMode: true,
    promiscMode: true,
    conditionsV4: ["nonsense"],
    backend: 5,
    ingressPolicy: "closed",
    markBit: 99,
    firewalldZone: {},
    master: 7,
    mode: "nonsense",
    bcqueuelen: -1,
    mac: "nonsense",
    runtimeConfig: { mac: 7, portMappings: [{ hostPort: 99999 }], ips: [5] },
    ...(ipam && { ipam: { ...ipam, ranges: "none", addresses: 3, routes: {} } }),
  };
}
