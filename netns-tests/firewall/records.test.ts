/** What stands in the rule set: as nft reads it, beside the reference's, flushed, repaired, released. */
import { expect } from "bun:test";
import { makeNetns, makeSandbox } from "../support/netns.ts";
import { callPlugin } from "../support/plugin.ts";
import { hasReference, REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { lacksTsnet, published, workplace } from "../tsnet/tsnet.ts";
import { dropForwarded, guarded, iptablesRules, makeWorld } from "./world.ts";

const lacks = [lacksRoot, lacksCommand("iptables-nft", "ip6tables-nft", "nft")];

testUnless(lacks, "nft prints tables that load again exactly", async () => {
  await using world = await makeWorld();
  const { host } = world;
  for (const [index, ingressPolicy] of ["open", "same-bridge", "isolated"].entries()) {
    const chain = guarded(world, `net${index}`, index + 1, { ingressPolicy });
    for (let n = 0; n < 2; n++) await world.container(chain, []);
  }
  const rules = await host.exec("nft", "list", "ruleset");
  for (const text of ["table bridge tsnet", "fw-within", "fw-links", "map @fw4-0x1000", "fw-isolate-0x1000"])
    expect(rules).toContain(text);
  await using fresh = await makeNetns();
  const loaded = await fresh.run(["nft", "-f", "-"], { stdin: rules });
  expect(loaded).toMatchObject({ code: 0, stderr: "" });
  const lines = (text: string): string[] =>
    text
      .split(/[\n,]/)
      .map((line) => line.trim())
      .sort();
  expect(lines(await fresh.exec("nft", "list", "ruleset"))).toEqual(lines(rules));
});

testUnless(
  [...lacks, hasReference ? undefined : "the reference plugins are not installed"],
  "DEL removes what the reference made for the same container, and nobody else's",
  async () => {
    await using world = await makeWorld();
    const { host } = world;
    const options = { cniVersion: "1.0.0", behind: [{ type: "firewall" }] };
    const reference = world.network("blue", {}, 1, { ...options, path: [REFERENCE_DIR] });
    const ours = world.network("blue", {}, 1, options);
    const old = await world.container(reference, []);
    const other = await world.container(reference, []);
    const rulesOf = async (address: string): Promise<number> =>
      (await iptablesRules(host, "CNI-FORWARD")).filter((line) => line.includes(` ${address}/`)).length;
    for (const family of [4, 6] as const) expect(await rulesOf(old.ip[family])).toBe(2);
    await ours.del({ ...old.attachment, prevResult: JSON.parse(JSON.stringify(old.result)) });
    for (const family of [4, 6] as const) {
      expect(await rulesOf(old.ip[family])).toBe(0);
      expect(await rulesOf(other.ip[family])).toBe(2);
    }
    await reference.del(other.attachment);
  },
);

testUnless(
  [...lacks, lacksTsnet],
  "tsnet repair puts back what a flush took; repair --release takes our rules out of others' chains",
  async () => {
    await using host = await makeNetns();
    await using blue = await makeSandbox();
    await using w = await workplace(host);
    await dropForwarded(host);
    const ipam = {
      type: "host-local",
      dataDir: w.leases,
      ranges: [[{ subnet: "10.34.0.0/24" }], [{ subnet: "fd34::/64" }]],
    };
    await w.network("web", [
      { type: "bridge", bridge: "br0", isDefaultGateway: true, ipMasq: true, ipam },
      { type: "portmap", capabilities: { portMappings: true } },
      { type: "firewall", ingressPolicy: "isolated" },
    ]);
    await w.must("cni", "add", "web", blue.path, "--cap-args", published(8080, 80));
    const whole = await host.exec("nft", "-s", "list", "ruleset");
    await host.exec("nft", "flush", "ruleset");
    await dropForwarded(host);
    const said = await w.must("repair");
    expect(said).toContain("the firewall for 10.34.0.2/24, fd34::2/64");
    expect(said).toContain("0 whole, 1 repaired, 0 failed, 0 gone");
    const sorted = (text: string): string[] => text.split("\n").sort();
    expect(sorted(await host.exec("nft", "-s", "list", "ruleset"))).toEqual(sorted(whole));
    await w.must("cni", "check", "web", blue.path, "--cap-args", "{}");

    await w.must("repair", "--release");
    expect(await iptablesRules(host)).toEqual(["-P FORWARD DROP", "-P FORWARD DROP"]);
    expect(await host.exec("nft", "list", "tables")).not.toContain("tsnet");
    await w.must("cni", "del", "web", blue.path);
  },
);

testUnless(lacks, "a result that lists an address twice", async () => {
  await using world = await makeWorld();
  const { host } = world;
  await using sandbox = await makeSandbox();
  const ips = ["10.9.0.2/24", "10.9.0.2/24", "10.9.0.2/16"].map((address) => ({ address }));
  const conf = { cniVersion: "1.1.0", name: "blue", type: "firewall", prevResult: { cniVersion: "1.1.0", ips } };
  const call = { conf, host, containerId: "one", netns: sandbox.path, ifName: "eth0" };
  for (const command of ["ADD", "CHECK", "ADD", "DEL", "DEL"] as const)
    expect(await callPlugin({ ...call, command })).toMatchObject({ code: 0 });
  expect(await host.exec("nft", "list", "ruleset")).not.toMatch(/elements|fw-[0-9a-f]{16}/);
});

testUnless(lacks, "rules in others' chains go even if our table went first", async () => {
  await using world = await makeWorld();
  const { host } = world;
  await dropForwarded(host);
  const one = await world.container(guarded(world, "blue", 1), []);
  expect((await iptablesRules(host)).join("\n")).toContain("tsnet1 firewall pass");
  await host.exec("nft", "delete", "table", "inet", "tsnet");
  await one.chain.del(one.attachment);
  expect(await iptablesRules(host)).toEqual(["-P FORWARD DROP", "-P FORWARD DROP"]);
});

testUnless(
  lacks,
  "a rule of ours that somebody changed is made again; one that somebody else wrote stays",
  async () => {
    await using world = await makeWorld();
    const { host } = world;
    await dropForwarded(host);
    await host.exec("iptables-nft", "-A", "FORWARD", "-m", "mark", "--mark", "0x1000/0x1000", "-j", "ACCEPT");
    for (const comment of ["see tsnet1 firewall pass 0x1000", "tsnet1 firewall pass 0x1000, to be kept"])
      await host.exec("iptables-nft", "-A", "FORWARD", "-m", "comment", "--comment", comment, "-j", "DROP");
    const foreign = await host.exec("iptables-nft", "-S", "FORWARD");
    const one = await world.container(guarded(world, "blue", 1), []);
    const ours = (await host.exec("iptables-nft", "-S", "FORWARD"))
      .split("\n")
      .find((line) => line.includes("tsnet1 firewall"));
    expect(ours).toBeDefined();
    await host.exec("iptables-nft", "-D", "FORWARD", "1");
    await host.exec(
      "iptables-nft",
      "-I",
      "FORWARD",
      "-m",
      "comment",
      "--comment",
      "tsnet1 firewall pass 0x1000",
      "-j",
      "DROP",
    );
    const missed = await one.chain.check(one.attachment).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(missed).toContain("ip filter FORWARD");
    const two = await world.container(guarded(world, "blue", 1), []);
    await one.chain.check(one.attachment);
    for (const { chain, attachment } of [one, two]) await chain.del(attachment);
    expect(await host.exec("iptables-nft", "-S", "FORWARD")).toBe(foreign);
  },
);
