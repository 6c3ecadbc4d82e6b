/** Interfaces without an end on the host: limited in the container's own namespace. */
import { expect } from "bun:test";
import type { CniCommand, JsonObject } from "../../src/cni/types.ts";
import { connect, type Netns } from "../support/netns.ts";
import { callPlugin, type PluginAnswer } from "../support/plugin.ts";
import { lacksLinkKind, testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { expectRate, lacks, makeWorld, measure, type World } from "./world.ts";

const MBIT = 1_000_000;
const INGRESS = 20 * MBIT;
const EGRESS = 10 * MBIT;
const BURST = 320_000;
const LIMITS = { ingressRate: INGRESS, ingressBurst: BURST, egressRate: EGRESS, egressBurst: BURST };

const MAC = "02:00:00:00:00:57";
const NEAR = { 4: "10.58.0.2", 6: "fd58::2" } as const;
const FAR = { 4: "10.58.0.9", 6: "fd58::9" } as const;

interface Inside {
  readonly sandbox: Netns;
  readonly outside: Netns;
  call(command: CniCommand, keys?: JsonObject): Promise<PluginAnswer>;
}

/** A container with a macvlan on the host's link to the outside, as the macvlan plugin leaves it. */
async function makeMacvlan(world: World): Promise<Inside> {
  const { host } = world;
  const [sandbox, outside] = [await world.sandbox(), await world.sandbox()];
  await connect(host, "up0", [], outside, "eth0", [`${FAR[4]}/24`, `${FAR[6]}/64`]);
  const link = ["eth0", "netns", sandbox.name, "address", MAC, "type", "macvlan", "mode", "bridge"];
  await host.exec("ip", "link", "add", "link", "up0", "name", ...link);
  await sandbox.exec("ip", "addr", "add", `${NEAR[4]}/24`, "dev", "eth0");
  await sandbox.exec("ip", "addr", "add", `${NEAR[6]}/64`, "dev", "eth0", "nodad");
  await sandbox.exec("ip", "link", "set", "eth0", "up");
  return { sandbox, outside, call: callOn(world, sandbox) };
}

/** Bandwidth alone, on the `eth0` that somebody made. */
function callOn({ host }: World, sandbox: Netns): Inside["call"] {
  const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "eth0", mac: MAC, sandbox: sandbox.path }] };
  return (command, keys = LIMITS) =>
    callPlugin({
      command,
      conf: { cniVersion: "1.1.0", name: "lab", type: "bandwidth", prevResult, ...keys },
      host,
      containerId: "one",
      netns: sandbox.path,
      ifName: "eth0",
    });
}

const lacksMacvlan = [...lacks, lacksLinkKind("macvlan")];

for (const family of [4, 6] as const)
  testUnless(lacksMacvlan, `a macvlan is as fast as configured over IPv${family}, in each direction`, async () => {
    await using world = await makeWorld();
    const { sandbox, outside, call } = await makeMacvlan(world);
    expect(await call("ADD")).toMatchObject({ code: 0, stderr: "" });
    await expectRate(sandbox, outside, FAR[family], EGRESS);
    await expectRate(outside, sandbox, NEAR[family], INGRESS);
  });

testUnless(lacksMacvlan, "a macvlan: exempt subnets run free both ways", async () => {
  await using world = await makeWorld();
  const { sandbox, outside, call } = await makeMacvlan(world);
  const keys = { ...LIMITS, unshapedSubnets: ["10.58.0.8/29"] };
  expect(await call("ADD", keys)).toMatchObject({ code: 0 });
  expect(await measure(sandbox, outside, FAR[4], 600)).toBeGreaterThan(3 * INGRESS);
  expect(await measure(outside, sandbox, NEAR[4], 600)).toBeGreaterThan(3 * INGRESS);
  await expectRate(sandbox, outside, FAR[6], EGRESS);
});

testUnless(lacksMacvlan, "a macvlan: its whole life, and nothing on the host", async () => {
  await using world = await makeWorld();
  const { sandbox, call } = await makeMacvlan(world);
  const [host, inside] = [await snapshot(world.host), await snapshot(sandbox)];
  for (let round = 0; round < 2; round++) {
    const added = await call("ADD");
    const { interfaces } = added.json as { interfaces: { name: string; sandbox?: string }[] };
    expect(interfaces.at(-1)).toMatchObject({ name: expect.stringMatching(/^bwp/), sandbox: sandbox.path });
    const prevResult = JSON.parse(added.stdout) as JsonObject;
    expect(await call("CHECK", { ...LIMITS, prevResult })).toMatchObject({ code: 0 });
    expect(diff(host, await snapshot(world.host))).toEqual([]);
  }
  await sandbox.exec("tc", "qdisc", "del", "dev", "eth0", "root");
  expect(await call("CHECK")).toMatchObject({ code: 1, json: { code: 101 } });
  for (let round = 0; round < 2; round++) expect(await call("DEL")).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(diff(inside, await snapshot(sandbox))).toEqual([]);
});

testUnless(lacksMacvlan, "DEL leaves a stranger's namespace alone", async () => {
  await using world = await makeWorld();
  const { sandbox, call } = await makeMacvlan(world);
  // The path leads to another container by now, limited by somebody of its own.
  await sandbox.exec("ip", "link", "set", "eth0", "address", "02:00:00:00:00:99");
  await sandbox.exec("sh", "-c", "tc qdisc add dev eth0 root handle 1: tbf rate 1mbit burst 32k latency 25ms");
  const before = await snapshot(sandbox);
  expect(await call("DEL")).toMatchObject({ code: 0 });
  expect(diff(before, await snapshot(sandbox))).toEqual([]);
});

testUnless(lacksMacvlan, "no interface of that name, or no plugin before it, is said", async () => {
  await using world = await makeWorld();
  const { sandbox, call } = await makeMacvlan(world);
  const missing = await call("ADD", { ...LIMITS, prevResult: null });
  expect(missing).toMatchObject({ code: 1, json: { code: 7, msg: expect.stringContaining("another plugin") } });
  await sandbox.exec("ip", "link", "del", "eth0");
  const gone = await call("ADD");
  expect(gone).toMatchObject({ code: 1, json: { code: 100, msg: expect.stringContaining('no interface "eth0"') } });
});

testUnless(
  lacks,
  "a veth whose other end is in a third namespace is limited inside, whatever the host has under its number",
  async () => {
    await using world = await makeWorld();
    const { host } = world;
    const [sandbox, third] = [await world.sandbox(), await world.sandbox()];
    // As the first link of every container, eth0 has one number, and so has the first pair of either host.
    const peer = (name: string) => ["type", "veth", "peer", "name", "eth0", "address", MAC, "netns", name];
    const other = await world.sandbox();
    await host.exec("ip", "link", "add", "port", ...peer(other.name));
    await third.exec("ip", "link", "add", "port", ...peer(sandbox.name));
    const index = async (place: Netns, name: string): Promise<unknown> =>
      (JSON.parse(await place.exec("ip", "-j", "link", "show", name)) as { ifindex: number }[])[0]?.ifindex;
    expect(await index(host, "port")).toBe(await index(third, "port"));
    const before = await snapshot(host);
    const call = callOn(world, sandbox);
    expect(await call("ADD")).toMatchObject({ code: 0 });
    expect(diff(before, await snapshot(host))).toEqual([]);
    expect(await sandbox.exec("tc", "qdisc", "show", "dev", "eth0")).toContain("tbf 1: root");
    expect(await call("CHECK")).toMatchObject({ code: 0 });
    expect(await call("DEL")).toMatchObject({ code: 0 });
    expect(await sandbox.exec("tc", "qdisc", "show")).not.toMatch(/tbf|ingress/);
  },
);

testUnless(
  lacksMacvlan,
  "behind our macvlan and tuning: as fast as configured, and GC leaves nothing inside",
  async () => {
    await using world = await makeWorld();
    const outside = await world.sandbox();
    await connect(world.host, "up0", [], outside, "eth0", [`${FAR[4]}/24`, `${FAR[6]}/64`]);
    const { dataDir } = world;
    const ranges = [
      [{ subnet: "10.58.0.0/24", rangeStart: "10.58.0.20" }],
      [{ subnet: "fd58::/64", rangeStart: "fd58::20" }],
    ];
    const plugins = [
      { type: "macvlan", master: "up0", ipam: { type: "host-local", dataDir, ranges } },
      { type: "bandwidth", ...LIMITS },
      { type: "tuning", dataDir: `${dataDir}/tuning`, mtu: 1400, mac: "02:00:00:00:00:58" },
    ];
    const chain = world.network({}, { plugins });
    const [kept, gone] = [
      await world.attach(chain),
      await world.attach(world.network({}, { plugins: plugins.slice(0, 2) })),
    ];
    await chain.check(kept.at);
    await expectRate(kept.sandbox, outside, FAR[4], EGRESS);
    await expectRate(outside, kept.sandbox, kept.v6, INGRESS);
    const links = async ({ sandbox }: { sandbox: Netns }): Promise<string[]> =>
      (JSON.parse(await sandbox.exec("ip", "-j", "link", "show")) as { ifname: string }[]).map(({ ifname }) => ifname);
    expect(await links(gone)).toEqual(["lo", "eth0", expect.stringMatching(/^bwp/)]);
    await chain.gc([{ containerID: kept.at.containerId, ifname: "eth0" }]);
    expect(await links(gone)).toEqual(["lo"]);
    await chain.check(kept.at);
    await chain.del(kept.at);
    expect(await links(kept)).toEqual(["lo"]);
  },
);
