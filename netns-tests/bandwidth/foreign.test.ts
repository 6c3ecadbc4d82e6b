/** What others changed or made: CHECK tells it, DEL and GC find what they have to. */
import { expect } from "bun:test";
import type { CniCommand, JsonObject } from "../../src/cni/types.ts";
import { callPlugin, type PluginAnswer, type PrintedResult } from "../support/plugin.ts";
import { findPlugin, PLUGIN_PATH } from "../support/plugin-dirs.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { type Container, lacks, makeWorld, type World } from "./world.ts";

const MBIT = 1_000_000;
const INGRESS = { ingressRate: 40 * MBIT, ingressBurst: MBIT };
const EGRESS = { egressRate: 20 * MBIT, egressBurst: MBIT };
const LIMITS = { ...INGRESS, ...EGRESS };

interface Limited {
  readonly port: string;
  readonly at: Container["at"];
  tc(...args: string[]): Promise<string>;
  call(command: CniCommand, keys?: JsonObject): Promise<PluginAnswer>;
}

const asJson = (result: PrintedResult): JsonObject => JSON.parse(JSON.stringify(result)) as JsonObject;

/** A container with limits, by bandwidth alone behind a chain that has none. */
async function limited(world: World, keys: JsonObject): Promise<Limited> {
  const { at, result } = await world.attach(world.network({}));
  const port = result.interfaces?.[1]?.name ?? "";
  const calls =
    (prevResult: JsonObject) =>
    (command: CniCommand, more: JsonObject = {}) =>
      callPlugin({
        ...{ command, host: world.host, containerId: at.containerId, netns: at.netns, ifName: "eth0" },
        conf: { cniVersion: "1.1.0", name: "lab", type: "bandwidth", prevResult, ...keys, ...more },
      });
  const added = await calls(asJson(result))("ADD");
  expect(added).toMatchObject({ code: 0, stderr: "" });
  const call = calls(added.json ?? {});
  expect(await call("CHECK")).toMatchObject({ code: 0 });
  return { port, at, call, tc: (...args) => world.host.exec("tc", ...args.flatMap((arg) => arg.split(" "))) };
}

async function expectFailedCheck({ call }: Limited, text: string): Promise<void> {
  const answer = await call("CHECK");
  expect(answer).toMatchObject({ code: 1, json: { code: 101 } });
  expect(String(answer.json?.["msg"])).toContain(text);
}

const SUBNETS = { unshapedSubnets: ["192.0.2.0/24", "2001:db8::/32"] };

testUnless(lacks, "CHECK: a class that limits beside the token bucket", async () => {
  await using world = await makeWorld();
  const one = await limited(world, { ...LIMITS, ...SUBNETS });
  await one.tc("class change dev", one.port, "parent 1: classid 1:30 htb rate 1mbit ceil 1mbit");
  await expectFailedCheck(one, `class 1:30 of "${one.port}" has a rate of 1000000 bits per second`);
});

testUnless(lacks, "CHECK: a filter of somebody else's in the tree that tells subnets apart", async () => {
  await using world = await makeWorld();
  const one = await limited(world, { ...LIMITS, ...SUBNETS });
  await one.tc("filter add dev", one.port, "parent 1: protocol ip prio 2 u32 match u32 0 0 flowid 1:");
  await expectFailedCheck(one, "another filter (u32, priority 2) beside those that tell subnets apart");
});

testUnless(lacks, "CHECK: a filter before the redirection to the IFB, and none behind it", async () => {
  await using world = await makeWorld();
  const one = await limited(world, LIMITS);
  const add = ["filter add dev", one.port, "parent ffff: protocol all"];
  await one.tc(...add, "prio 1 handle ::900 u32 match u32 0 0 flowid 1:7");
  await one.tc(...add, "prio 9 u32 match u32 0 0 flowid 1:7");
  expect(await one.call("CHECK")).toMatchObject({ code: 0 });
  await one.tc(...add, "prio 1 handle ::7 u32 match u32 0 0 flowid 1:7");
  await expectFailedCheck(one, `what arrives at "${one.port}" meets another filter (u32, priority 1)`);
});

const NAME = "foreign0";

/** The host's end as another plugin would have made it: no name and no mark of ours. */
async function disguise({ host }: World, { port }: Limited): Promise<void> {
  await host.exec("ip", "link", "set", port, "down");
  await host.exec("ip", "link", "set", port, "name", NAME, "alias", "", "up");
}

/** Qdiscs other than the default, and IFBs. */
const left = async ({ host }: World): Promise<string> =>
  (await host.exec("sh", "-c", "tc qdisc show; ip -o link show type ifb"))
    .split("\n")
    .filter((line) => line !== "" && !line.includes("noqueue"))
    .join("\n");

const listed = (netns: string) => ({
  prevResult: { cniVersion: "1.1.0", interfaces: [{ name: NAME }, { name: "eth0", sandbox: netns }] },
});
const unlisted = { prevResult: { cniVersion: "1.1.0" } };

for (const [what, keys, prevResult] of [
  ["whose name prevResult has without an address", LIMITS, listed],
  ["whose name prevResult has without an address, limited in one direction", INGRESS, listed],
  ["that prevResult does not list, by the IFB it leads to", LIMITS, () => unlisted],
] as const)
  testUnless(lacks, `DEL: the host's end of another plugin's, ${what}`, async () => {
    await using world = await makeWorld();
    const one = await limited(world, keys);
    await disguise(world, one);
    expect(await one.call("DEL", prevResult(one.at.netns))).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await left(world)).toBe("");
    expect(await one.call("DEL", prevResult(one.at.netns))).toMatchObject({ code: 0 });
  });

testUnless(lacks, "DEL: a name in prevResult that is another container's by now is left alone", async () => {
  await using world = await makeWorld();
  const one = await limited(world, INGRESS);
  await disguise(world, one);
  const there = await left(world);
  const stranger = await world.sandbox();
  const answer = await callPlugin({
    ...{ command: "DEL", host: world.host, containerId: "gone", netns: stranger.path, ifName: "eth0" },
    conf: { cniVersion: "1.1.0", name: "lab", type: "bandwidth", ...INGRESS, ...listed(stranger.path) },
  });
  expect(answer).toMatchObject({ code: 0 });
  expect(await left(world)).toBe(there);
});

testUnless(lacks, "GC: a host's end of another plugin's that stays loses its limits with the IFB", async () => {
  await using world = await makeWorld();
  const one = await limited(world, LIMITS);
  await disguise(world, one);
  await world.network(LIMITS).gc([{ containerID: one.at.containerId, ifname: "eth0" }]);
  expect(await one.call("CHECK")).toMatchObject({ code: 0 });
  await world.network(LIMITS).gc([]);
  expect(await left(world)).toBe("");
});

/** ADD, killed as it is about to send its message of that number; whether it got that far. */
async function killedAt(
  { host }: World,
  { at, port }: Limited,
  number: number,
  prevResult: JsonObject,
): Promise<boolean> {
  const inject = `inject=sendmsg:error=EIO:signal=SIGKILL:when=${number}`;
  const plugin = findPlugin("bandwidth", PLUGIN_PATH);
  const ran = await host.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, plugin], {
    stdin: JSON.stringify({ cniVersion: "1.1.0", name: "lab", type: "bandwidth", prevResult, ...LIMITS, ...SUBNETS }),
    env: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      CNI_PATH: PLUGIN_PATH.join(":"),
      ...{ CNI_COMMAND: "ADD", CNI_CONTAINERID: at.containerId, CNI_NETNS: at.netns, CNI_IFNAME: "eth0" },
    },
  });
  expect([port, ran.code === 137 || ran.code === 0]).toEqual([port, true]);
  return ran.code === 137;
}

testUnless(
  [...lacks, lacksCommand("strace")],
  "killed before any of its messages: GC alone leaves nothing",
  async () => {
    await using world = await makeWorld();
    const one = await limited(world, LIMITS);
    await disguise(world, one);
    await world.network(LIMITS).gc([]);
    expect(await left(world)).toBe("");
    const { prevResult } = listed(one.at.netns);
    let number = 1;
    while (await killedAt(world, one, number, prevResult)) {
      await world.network(LIMITS).gc([]);
      expect([number, await left(world)]).toEqual([number, ""]);
      number++;
    }
    expect(number).toBeGreaterThan(10);
    expect(await left(world)).toContain("htb");
    await world.network(LIMITS).gc([]);
    expect(await left(world)).toBe("");
  },
);
