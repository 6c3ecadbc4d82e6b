/** What stands and what goes: repeated ADDs, several attachments, crashes, and what others left. */
import { expect } from "bun:test";
import type { CniCommand, JsonObject } from "../../src/cni/types.ts";
import type { Place } from "../support/place.ts";
import { callPlugin, type PluginAnswer, type PrintedResult } from "../support/plugin.ts";
import { REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { lacksFile, testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { type Container, lacks, makeWorld, type World } from "./world.ts";

const MBIT = 1_000_000;
const LIMITS = { ingressRate: 40 * MBIT, ingressBurst: MBIT, egressRate: 20 * MBIT, egressBurst: MBIT };
const withReference = [...lacks, lacksFile(`${REFERENCE_DIR}/bandwidth`)];

const asJson = (result: PrintedResult): JsonObject => JSON.parse(JSON.stringify(result)) as JsonObject;

/** Bandwidth alone, on a container that the chain attached. */
function call(
  { host }: World,
  command: CniCommand,
  { at, result }: Container,
  keys: JsonObject,
): Promise<PluginAnswer> {
  const conf = { cniVersion: "1.1.0", name: "lab", type: "bandwidth", prevResult: asJson(result), ...keys };
  return callPlugin({ command, conf, host, containerId: at.containerId, netns: at.netns, ifName: "eth0" });
}

const ifbs = async (place: Place): Promise<string[]> =>
  (JSON.parse(await place.exec("ip", "-j", "link", "show", "type", "ifb")) as { ifname?: string }[]).flatMap(
    ({ ifname }) => ifname ?? [],
  );

testUnless(lacks, "ADD again puts the new limits in place of the old", async () => {
  await using world = await makeWorld();
  const plain = await world.attach(world.network({}));
  const before = await snapshot(world.host);
  for (const keys of [
    LIMITS,
    LIMITS,
    { ...LIMITS, unshapedSubnets: ["10.0.0.0/8", "fd00::/8"] },
    { ...LIMITS, shapedSubnets: ["192.0.2.0/24"] },
    { ...LIMITS, ingressRate: 30 * MBIT },
  ]) {
    const added = await call(world, "ADD", plain, keys);
    expect(added).toMatchObject({ code: 0, stderr: "" });
    const result = added.json as unknown as PrintedResult;
    expect(result.interfaces?.filter(({ name }) => name.startsWith("bwp")).length).toBe(1);
    expect(await call(world, "CHECK", { ...plain, result }, keys)).toMatchObject({ code: 0 });
    expect((await ifbs(world.host)).length).toBe(1);
  }
  expect(await call(world, "DEL", plain, LIMITS)).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(diff(before, await snapshot(world.host))).toEqual([]);
});

testUnless(lacks, "all interfaces of a container have limits of their own", async () => {
  await using world = await makeWorld();
  const chain = world.network(LIMITS);
  const one = await world.attach(chain);
  const second = { ...one.at, ifName: "net1" };
  const more = await chain.add(second);
  const names = [one.result, more].map(({ interfaces }) => interfaces?.find(({ name }) => /^bwp/.test(name))?.name);
  expect(new Set(names).size).toBe(2);
  expect((await ifbs(world.host)).toSorted()).toEqual(names.map(String).toSorted());
  for (const at of [one.at, second]) await chain.check(at);
  await chain.del(second);
  expect(await ifbs(world.host)).toEqual([String(names[0])]);
  await chain.check(one.at);
});

testUnless(lacks, "a root qdisc of somebody else's is not touched", async () => {
  await using world = await makeWorld();
  const plain = await world.attach(world.network({}));
  const port = plain.result.interfaces?.[1]?.name ?? "";
  await world.host.exec("tc", "qdisc", "add", "dev", port, "root", "handle", "7:", "pfifo", "limit", "9");
  const before = await snapshot(world.host);
  const answer = await call(world, "ADD", plain, LIMITS);
  expect(answer).toMatchObject({ code: 1, json: { code: 100 } });
  expect(String(answer.json?.["msg"])).toContain(`"${port}" has a root qdisc pfifo 7: already`);
  expect(await call(world, "DEL", plain, LIMITS)).toMatchObject({ code: 0 });
  expect(diff(before, await snapshot(world.host))).toEqual([]);
});

for (const kind of ["ingress", "clsact"])
  testUnless(lacks, `somebody else's filter in a qdisc ${kind} stays, before and after`, async () => {
    await using world = await makeWorld();
    const plain = await world.attach(world.network({}));
    const port = plain.result.interfaces?.[1]?.name ?? "";
    const parent = kind === "ingress" ? ["parent", "ffff:"] : ["ingress"];
    await world.host.exec("tc", "qdisc", "add", "dev", port, kind);
    const match = "u32 match ip dst 192.0.2.9/32 flowid 1:7".split(" ");
    await world.host.exec("tc", "filter", "add", "dev", port, ...parent, "protocol", "ip", "prio", "5", ...match);
    const filters = () => world.host.exec("tc", "filter", "show", "dev", port, ...parent);
    const [before, shown] = [await snapshot(world.host), await filters()];
    const added = await call(world, "ADD", plain, LIMITS);
    expect(added.code).toBe(0);
    expect(await filters()).toContain(shown.trim());
    expect(await filters()).toContain("Egress Redirect to device bwp");
    const limited = { ...plain, result: added.json as unknown as PrintedResult };
    expect(await call(world, "CHECK", limited, LIMITS)).toMatchObject({ code: 0 });
    expect(await call(world, "DEL", limited, LIMITS)).toMatchObject({ code: 0 });
    expect(await filters()).toBe(shown);
    expect(diff(before, await snapshot(world.host))).toEqual([]);
  });

testUnless(lacks, "a link of the IFB's name that is none of ours is refused and kept", async () => {
  await using world = await makeWorld();
  const plain = await world.attach(world.network({}));
  const added = await call(world, "ADD", plain, LIMITS);
  const name = (added.json as unknown as PrintedResult).interfaces?.at(-1)?.name ?? "";
  expect(await call(world, "DEL", plain, LIMITS)).toMatchObject({ code: 0 });
  await world.host.exec("ip", "link", "add", name, "type", "ifb");
  await world.host.exec("ip", "link", "set", name, "alias", "mine");
  const before = await snapshot(world.host);
  const refused = await call(world, "ADD", plain, LIMITS);
  expect(refused).toMatchObject({ code: 1, json: { code: 100 } });
  expect(String(refused.json?.["msg"])).toContain(`link "${name}" is there already`);
  expect(await call(world, "DEL", plain, LIMITS)).toMatchObject({ code: 0 });
  expect(diff(before, await snapshot(world.host))).toEqual([]);
});

testUnless(lacks, "GC deletes what a crash left: by its mark, or because nothing leads to it", async () => {
  await using world = await makeWorld();
  const chain = world.network(LIMITS);
  const other = world.network(LIMITS, { name: "other" });
  const [kept, gone, foreign] = [await world.attach(chain), await world.attach(chain), await world.attach(other)];
  const ifbOf = ({ result }: Container): string => result.interfaces?.at(-1)?.name ?? "";
  // The machine went on without the container: its links are gone, and nobody has called DEL.
  await world.host.exec("ip", "link", "del", gone.result.interfaces?.[1]?.name ?? "");
  // Half-made, or of the reference after a crash; and names that only look alike.
  for (const name of ["bwp0123456789ab", "bwp-mine", "bwp0123456789xy"])
    await world.host.exec("ip", "link", "add", name, "type", "ifb");
  await chain.gc([{ containerID: kept.at.containerId, ifname: "eth0" }]);
  expect((await ifbs(world.host)).toSorted()).toEqual(
    [ifbOf(kept), ifbOf(foreign), "bwp-mine", "bwp0123456789xy"].toSorted(),
  );
  await chain.check(kept.at);
  await other.check(foreign.at);
});

testUnless(withReference, "limits of the reference: CHECK accepts them, DEL removes them", async () => {
  await using world = await makeWorld();
  const reference = world.network(LIMITS, { cniVersion: "1.0.0", path: [REFERENCE_DIR] });
  const ours = world.network(LIMITS, { cniVersion: "1.0.0" });
  const before = await ifbs(world.host);
  const one = await world.attach(reference);
  const two = await world.attach(reference);
  expect((await ifbs(world.host)).length).toBe(2);
  const at = { ...one.at, prevResult: asJson(one.result) };
  const bandwidth = (command: CniCommand, keys: JsonObject = LIMITS): Promise<PluginAnswer> =>
    call(world, command, one, { cniVersion: "1.0.0", ...keys });
  expect(await bandwidth("CHECK")).toMatchObject({ code: 0 });
  expect(await bandwidth("CHECK", { ...LIMITS, egressRate: 21 * MBIT })).toMatchObject({ code: 1 });
  await ours.del(at);
  expect((await ifbs(world.host)).length).toBe(1);
  await ours.del({ ...two.at, netns: "", prevResult: asJson(two.result) });
  expect(await ifbs(world.host)).toEqual(before);
});

testUnless(
  withReference,
  "the reference's IFB of a container stays while another interface of it is limited by it",
  async () => {
    await using world = await makeWorld();
    const reference = world.network(LIMITS, { cniVersion: "1.0.0", path: [REFERENCE_DIR] });
    const ours = world.network(LIMITS, { cniVersion: "1.0.0" });
    const one = await world.attach(reference);
    const [name = ""] = await ifbs(world.host);
    const second = { ...one.at, ifName: "net1" };
    await ours.add(second);
    await ours.del(second);
    expect(await ifbs(world.host)).toEqual([name]);
    // Listed, and of another network, whose GC knows nothing of it.
    await world.network(LIMITS).gc([{ containerID: one.at.containerId, ifname: "eth0" }]);
    await world.network(LIMITS, { name: "other" }).gc([]);
    expect(await ifbs(world.host)).toEqual([name]);
    await reference.check({ ...one.at, prevResult: asJson(one.result) });
    // By and by the container's link goes, and the reference's DEL never comes.
    await world.host.exec("ip", "link", "del", one.result.interfaces?.[1]?.name ?? "");
    await world.network(LIMITS).gc([]);
    expect(await ifbs(world.host)).toEqual([]);
  },
);
