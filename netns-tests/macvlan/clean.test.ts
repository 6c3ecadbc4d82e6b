/** DEL and GC find the link wherever it is, and nobody else's. */
import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { makeChain } from "../support/chain.ts";
import { makeSandbox } from "../support/netns.ts";
import { hasReference, OURS_DIR, REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { testUnless } from "../support/skip.ts";
import { serveAll, tcpEcho } from "../support/traffic.ts";
import { lack, linkNames, makeLab, NEIGHBOUR } from "./lab.ts";

const leases = (dataDir: string, network = "lan"): string[] =>
  readdirSync(join(dataDir, network)).filter((name) => /^(\d|fd)/.test(name));

for (const [name, netns] of [
  ["no path", () => ""],
  ["a path that leads nowhere", () => "/run/netns/none-such"],
  ["a path to another container of the network", (other: string) => other],
] as const)
  testUnless(lack, `DEL with ${name} finds the link in its namespace, and frees the address after it`, async () => {
    await using lab = await makeLab();
    const network = lab.network();
    const [one, other] = [await network.attach("one"), await network.attach("other")];
    await network.chain.del({ ...one.at, netns: netns(other.at.netns) });
    expect(await linkNames(one.sandbox)).toEqual(["lo"]);
    expect(await linkNames(other.sandbox)).toEqual(["lo", "eth0"]);
    expect(leases(lab.dataDir).sort()).toEqual([other.v4, other.v6].sort());
    await network.chain.check(other.at);
  });

testUnless(
  lack,
  "DEL finds a link that was renamed in the container, and leaves a stranger of its name alone",
  async () => {
    await using lab = await makeLab();
    const network = lab.network();
    const one = await network.attach("one");
    await one.sandbox.exec(
      "sh",
      "-ec",
      "ip link set eth0 down; ip link set eth0 name lan0; ip link add eth0 type veth peer name peer0",
    );
    await network.chain.del(one.at);
    expect((await linkNames(one.sandbox)).sort()).toEqual(["eth0", "lo", "peer0"]);
  },
);

testUnless(
  lack,
  "GC removes the link of an unlisted attachment whose namespace still stands, and no other",
  async () => {
    await using lab = await makeLab();
    const [network, beside] = [lab.network({}, "a"), lab.network({ ipam: null }, "a-b")];
    const [one, two] = [await network.attach("one"), await network.attach("two")];
    const strange = await beside.attach("two");
    // Somebody else's of the same kind, without a mark.
    await two.sandbox.exec("ip", "link", "add", "own0", "link", "eth0", "type", "macvlan");
    await network.chain.gc([{ containerID: "one", ifname: "eth0" }]);
    expect(await linkNames(two.sandbox)).toEqual(["lo", "own0"]);
    expect(await linkNames(strange.sandbox)).toEqual(["lo", "eth0"]);
    await network.chain.check(one.at);
    await using _server = await serveAll(lab.neighbour, 7);
    expect(await tcpEcho(one.sandbox, NEIGHBOUR[0], 7)).toMatchObject({ address: one.v4 });
    expect(leases(lab.dataDir, "a").sort()).toEqual([one.v4, one.v6].sort());

    await network.chain.gc([]);
    expect(await linkNames(one.sandbox)).toEqual(["lo"]);
    expect(await linkNames(strange.sandbox)).toEqual(["lo", "eth0"]);
    expect(leases(lab.dataDir, "a")).toEqual([]);
  },
);

testUnless(lack, "GC removes what an ADD that was killed half-way left, and no link that is on its way", async () => {
  await using lab = await makeLab();
  const network = lab.network({ ipam: null });
  const one = await network.attach("one");
  const sandbox = lab.use(await makeSandbox());
  // As it is born: a name that says whose it is, and no mark.
  await lab.host.exec("ip", "netns", "set", sandbox.name, "auto");
  await lab.host.exec(
    ...[
      "ip",
      "link",
      "add",
      "tsn0123456789ab",
      "link",
      "nic0",
      "netns",
      sandbox.name,
      "type",
      "macvlan",
      "mode",
      "bridge",
    ],
  );
  await network.chain.gc([{ containerID: "one", ifname: "eth0" }]);
  expect(await linkNames(sandbox)).toEqual(["lo"]);
  await network.chain.check(one.at);
});

testUnless(
  lack ?? (hasReference ? undefined : "the reference plugins are not installed"),
  "a link that the reference made is deleted by DEL, which prevResult proves",
  async () => {
    await using lab = await makeLab();
    const { conf } = lab.network();
    const sandbox = lab.use(await makeSandbox());
    const at = { containerId: "one", netns: sandbox.path };
    const plugins = [conf];
    const theirs = makeChain({ name: "lan", host: lab.host, plugins, path: [REFERENCE_DIR] });
    const ours = makeChain({ name: "lan", host: lab.host, plugins, path: [OURS_DIR ?? ""] });
    const result = await theirs.add(at);
    const prevResult = JSON.parse(JSON.stringify(result));
    await ours.check({ ...at, prevResult });
    await ours.del({ ...at, prevResult: null });
    expect(await linkNames(sandbox)).toEqual(["lo", "eth0"]);
    await ours.del({ ...at, prevResult });
    expect(await linkNames(sandbox)).toEqual(["lo"]);
    expect(leases(lab.dataDir)).toEqual([]);

    // And the other way round.
    const again = await ours.add(at);
    await theirs.del({ ...at, prevResult: { ...JSON.parse(JSON.stringify(again)), cniVersion: "1.0.0" } });
    expect(await linkNames(sandbox)).toEqual(["lo"]);
    expect(leases(lab.dataDir)).toEqual([]);
  },
);
