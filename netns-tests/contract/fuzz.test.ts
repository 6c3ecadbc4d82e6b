/** Whatever stands on stdin and in the environment: one document or none, never a crash or a stack trace, and nothing changed. */
import { describe, expect } from "bun:test";
import fc from "fast-check";
import { CNI_VERSIONS, type CniCommand, type JsonObject } from "../../src/cni/types.ts";
import type { Attachment } from "../support/chain.ts";
import { snapshot } from "../support/snapshot.ts";
import { expectDocument } from "./answers.ts";
import { contractTest, SOAK } from "./contract-test.ts";
import { leftovers, makeBench, makeNetwork, type Network } from "./network.ts";
import { callRaw, configOf } from "./raw.ts";
import { subject } from "./subjects/index.ts";

const RUNS = SOAK ? 20_000 : 150;
/** For each test; what comes later is passed over, not cut off half-way. */
const LIMIT_MS = SOAK ? 900_000 : 2_500;

/** Of what was never there: a DEL, CHECK or GC must change nothing. */
const COMMANDS: readonly CniCommand[] = ["DEL", "CHECK", "GC", "STATUS", "VERSION"];
const NAMES = [
  "loopback",
  "bridge with a default gateway and masquerading, v4 and v6",
  "ptp with masquerading, v4 and v6",
  "macvlan v4 and v6",
  "portmap behind bridge, v4 and v6",
  "vxlan on a bridge, v4 and v6",
  "firewall behind bridge, v4 and v6",
  "host-local",
  "static",
];

/** Values of all kinds, and those near what plugins understand. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom("", "10.1.0.0/16", "fd00::/64", "eth0", "host-local", "../x", 0, -1, 1e308, 4096, true, null),
  fc.string({ unit: "binary", maxLength: 40 }),
);

const KEYS = [
  "cniVersion",
  "name",
  "type",
  "bridge",
  "isGateway",
  "ipMasq",
  "mtu",
  "vlan",
  "master",
  "mode",
  "linkInContainer",
  "bcqueuelen",
  "mac",
  "vlanTrunk",
  "ipam",
  "dns",
  "args",
  "runtimeConfig",
  "prevResult",
  "snat",
  "conditionsV4",
  "conditionsV6",
  "vni",
  "port",
  "dev",
  "local",
  "subnets",
  "subnetFile",
  "peers",
  "peersDir",
  "directRouting",
  "backend",
  "ingressPolicy",
  "markBit",
  "capabilities",
  "disableCheck",
  "cni.dev/attachments",
  "__proto__",
  "constructor",
  "toString",
  "NAME",
  "Ipam",
] as const;

/** A config with some keys replaced, at the top and one level below. */
const mutation = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 4 });

function mutated(conf: JsonObject, keys: Record<string, unknown>, below: Record<string, unknown>): string {
  const ipam = conf["ipam"];
  const inner =
    typeof ipam === "object" && ipam !== null && !Array.isArray(ipam) ? { ipam: { ...ipam, ...below } } : {};
  return JSON.stringify({ ...conf, ...inner, ...keys });
}

const stdinOf = (good: JsonObject): fc.Arbitrary<string> => {
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(mutation, mutation).map(([keys, below]) => mutated(good, keys, below)) },
    { weight: 1, arbitrary: fc.jsonValue().map((json) => JSON.stringify(json)) },
    { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
    { weight: 1, arbitrary: fc.nat(200).map((n) => JSON.stringify(good).slice(0, n)) },
  );
};

/** The kernel takes no NUL in a variable. */
const text = fc.string({ unit: "grapheme", maxLength: 40 }).map((s) => s.replaceAll("\0", "?"));

const environment = fc.record(
  {
    CNI_CONTAINERID: fc.oneof(text, fc.constantFrom("", "never", "../../etc/passwd", "a".repeat(5_000))),
    CNI_IFNAME: fc.oneof(text, fc.constantFrom("", "eth0", "lo", "eth0/../..", "💡")),
    CNI_NETNS: fc.oneof(
      text,
      fc.constantFrom("", "/proc/1/ns/net", "/dev/null", "/dev/zero", "/proc/self/mem", "relative", "/"),
    ),
    CNI_ARGS: fc.oneof(text, fc.constantFrom("IP=1;IP=2", ";;;", "=", "IgnoreUnknown=maybe", "MAC=")),
    CNI_PATH: fc.oneof(text, fc.constantFrom("", ":", "/dev/null", "relative:/nowhere")),
    CNI_NETNS_OVERRIDE: text,
    HOME: text,
    TMPDIR: text,
    LANG: text,
    TSNET_CWD: text,
    TSNET_LAUNCHED: fc.constantFrom("1", "0", ""),
    BUN_OPTIONS: fc.constantFrom("--preload /nowhere.js", "--inspect", ""),
    BUN_BE_BUN: fc.constantFrom("1", ""),
    NODE_OPTIONS: fc.constantFrom("--require /nowhere.js", ""),
  },
  { requiredKeys: [] },
);

/** A config that would succeed; the plugins before this one in its list have done their work. */
async function goodConfig(network: Network, at: Attachment): Promise<JsonObject> {
  const parameters = { containerId: at.containerId, netns: at.netns, ifName: "eth0" };
  let more: JsonObject = at.runtimeConfig ? { runtimeConfig: at.runtimeConfig } : {};
  for (const [n, { type }] of network.plugins.slice(0, -1).entries()) {
    const added = await callRaw(network, "ADD", configOf(network, more, n), { ...parameters, type: String(type) });
    expect(added).toMatchObject({ code: 0 });
    more = { ...more, prevResult: added.json ?? {} };
  }
  return configOf(network, more);
}

describe("fuzzing of stdin and environment", () => {
  for (const name of NAMES)
    contractTest(`${name}: never a crash, a stack trace, or two documents; nothing changes`, async () => {
      await using bench = await makeBench();
      const network = makeNetwork(bench, subject(name));
      await network.subject.prepare?.(network);
      const { at } = await network.newContainer("never");
      const good = await goodConfig(network, at);
      const before = await bench.snapshot();
      const deadline = performance.now() + LIMIT_MS;
      const property = fc.asyncProperty(
        fc.constantFrom(...COMMANDS),
        stdinOf(good),
        environment,
        fc.constantFrom(...CNI_VERSIONS),
        async (command, stdin, env, version) => {
          if (performance.now() > deadline) return;
          const conf = stdin.replace('"1.1.0"', JSON.stringify(version));
          const parameters = { containerId: "never", netns: at.netns, ifName: "eth0", env };
          expectDocument(await callRaw(network, command, conf, parameters));
        },
      );
      await fc.assert(property, { numRuns: RUNS, endOnFailure: !SOAK });
      expect(leftovers(before, await bench.snapshot(), { stays: [] })).toEqual([]);
    });

  /** Bridges of any name, and what the kernel gives them, are the request's own wish. */
  const wished = [/^[+~] (link|addr|route|sysctl) (?!veth)/, /^\+ nft (table|chain|map|set|rule) /];

  for (const name of NAMES)
    contractTest(`${name}: ADD of whatever config, and DEL of the same, leave no container behind`, async () => {
      await using bench = await makeBench();
      const network = makeNetwork(bench, subject(name));
      await network.subject.prepare?.(network);
      const { at, sandbox } = await network.newContainer("never");
      const good = await goodConfig(network, at);
      const before = await bench.snapshot();
      const inside = await snapshot(sandbox);
      const parameters = { containerId: "never", netns: at.netns, ifName: "eth0" };
      const deadline = performance.now() + LIMIT_MS;
      const property = fc.asyncProperty(stdinOf(good), async (conf) => {
        if (performance.now() > deadline) return;
        const added = await callRaw(network, "ADD", conf, parameters);
        expectDocument(added);
        const deleted = await callRaw(network, "DEL", conf, parameters);
        expectDocument(deleted);
        if (added.code === 0) expect({ stdout: deleted.stdout, code: deleted.code }).toEqual({ stdout: "", code: 0 });
      });
      await fc.assert(property, { numRuns: RUNS, endOnFailure: !SOAK });
      expect(leftovers(before, await bench.snapshot(), { stays: wished })).toEqual([]);
      expect(leftovers(inside, await snapshot(sandbox), { stays: [/^~ sysctl /, /^\+ addr lo /] })).toEqual([]);
    });
});
