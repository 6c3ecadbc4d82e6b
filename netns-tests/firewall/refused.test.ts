/** What ADD, CHECK and STATUS refuse, by name: chains that would drop, addresses nobody can have. */
import { expect } from "bun:test";
import type { CniCommand, JsonObject } from "../../src/cni/types.ts";
import { makeSandbox } from "../support/netns.ts";
import { callPlugin, type PluginAnswer } from "../support/plugin.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { CONTAINER_PORT, FAMILIES, guarded, makeWorld, Sightings } from "./world.ts";

const lacks = [lacksRoot, lacksCommand("nft")];

testUnless(
  lacks,
  "a base chain of the family bridge with policy drop is named, with the rule it needs, which works",
  async () => {
    await using world = await makeWorld({ bridgeNetfilter: 0 });
    const { host } = world;
    const blue = guarded(world, "blue", 1);
    const one = await world.container(blue, []);
    await host.exec(
      "nft",
      "add table bridge site; add chain bridge site walk { type filter hook forward priority 0; policy drop; }",
    );
    const look = async (through: boolean): Promise<void> => {
      const sightings = new Sightings();
      for (const family of FAMILIES)
        await sightings.look(`v${family}`, one.netns, two.ip[family], CONTAINER_PORT, through);
      expect(sightings.seen).toEqual(sightings.expected);
    };
    const failure = await world.container(blue, []).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(failure).toMatch(/"code": 100/);
    expect(failure).toContain("bridge site walk");
    expect(await failureOf(one.chain.check(one.attachment))).toContain("bridge site walk");
    // A rule with another condition does not do.
    await host.exec("nft", 'insert rule bridge site walk iifname "veth*" tcp dport 22 accept');
    expect(await failureOf(one.chain.check(one.attachment))).toContain("bridge site walk");
    const [, remedy = ""] = /(nft insert rule bridge site walk iifname \\"veth\*\\" accept)/.exec(failure) ?? [];
    await host.exec("sh", "-ec", remedy.replaceAll('\\"', "'"));
    const two = await world.container(blue, []);
    for (const each of [one, two]) await each.chain.check(each.attachment);
    await look(true);
    await host.exec("nft", "flush chain bridge site walk");
    await look(false);
    expect(await failureOf(one.chain.check(one.attachment))).toContain("bridge site walk");
    await host.exec("nft", "add table bridge site { flags dormant; }");
    await one.chain.check(one.attachment);
    // Families that packets of containers do not pass at this hook are nobody's concern.
    await host.exec("nft", "delete table bridge site");
    await host.exec(
      "nft",
      "add table arp site; add chain arp site in { type filter hook input priority 0; policy drop; }; " +
        'add table netdev site; add chain netdev site in { type filter hook ingress device "lan0" priority 0; policy drop; }; ' +
        "add table inet site; add chain inet site in { type filter hook input priority 0; policy drop; }",
    );
    await one.chain.check(one.attachment);
    const conf = firewallConf("198.51.100.9/24");
    expect(await callPlugin({ command: "ADD", conf, host, ...at, netns: one.netns.path })).toMatchObject({ code: 0 });
    expect(await callPlugin({ command: "DEL", conf, host, ...at, netns: one.netns.path })).toMatchObject({ code: 0 });
  },
);

const at = { containerId: "one", ifName: "eth0" } as const;
const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "",
    (error: Error) => error.message,
  );

function firewallConf(...addresses: readonly string[]): JsonObject {
  const ips = addresses.map((address) => ({ address }));
  return { cniVersion: "1.1.0", name: "blue", type: "firewall", prevResult: { cniVersion: "1.1.0", ips } };
}

testUnless(
  lacks,
  "what drops IPv6 alone: STATUS fails where the host forwards IPv6, and says so elsewhere",
  async () => {
    await using world = await makeWorld();
    const { host } = world;
    const conf = { cniVersion: "1.1.0", name: "blue", type: "firewall" };
    const status = (): Promise<PluginAnswer> => callPlugin({ command: "STATUS", conf, host });
    await host.exec("sysctl", "-qw", "net.ipv6.conf.all.forwarding=0");
    expect(await status()).toMatchObject({ code: 0, stderr: "" });
    await host.exec(
      "nft",
      "add table ip6 site; add chain ip6 site walk { type filter hook forward priority 0; policy drop; }",
    );
    const quiet = await status();
    expect(quiet).toMatchObject({ code: 0 });
    expect(quiet.stderr).toContain("ip6 site walk");
    await host.exec("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1");
    expect(await status()).toMatchObject({
      code: 1,
      json: { code: 50, msg: expect.stringContaining("ip6 site walk") },
    });
    await host.exec("nft", "insert rule ip6 site walk meta mark and 0x1000 == 0x1000 accept");
    expect(await status()).toMatchObject({ code: 0, stderr: "" });
  },
);

testUnless(
  lacks,
  "what the previous result lists as interfaces of the host and can be none is passed over",
  async () => {
    await using world = await makeWorld();
    await using sandbox = await makeSandbox();
    const { host } = world;
    const call = (command: CniCommand, conf: JsonObject) =>
      callPlugin({ command, conf, host, ...at, netns: sandbox.path });
    const names = ["/run/vhost.sock", "a".repeat(16), "€€€€€€", "a\0b", "\ud800", "a b", "", "..", "a:b"];
    for (const ingressPolicy of ["open", "same-bridge", "isolated"]) {
      const listing = (...listed: readonly string[]): JsonObject => ({
        ...firewallConf("198.51.100.9/24"),
        ingressPolicy,
        prevResult: {
          cniVersion: "1.1.0",
          interfaces: listed.map((name) => ({ name })),
          ips: [{ address: "198.51.100.9/24" }],
        },
      });
      const unusable = await call("ADD", listing(...names));
      if (ingressPolicy === "open") expect(unusable).toMatchObject({ code: 0 });
      else expect(unusable).toMatchObject({ code: 1, json: { code: 7 } });
      for (const command of ["ADD", "CHECK", "DEL"] as const)
        expect(await call(command, listing(...names, "lan0"))).toMatchObject({ code: 0 });
      expect(await host.exec("nft", "list", "ruleset")).not.toMatch(/fw-[0-9a-f]{16}|fw-isolate|elements/);
    }
  },
);

testUnless(lacks, "an address that no container can have is code 7 for ADD and CHECK, and nothing to DEL", async () => {
  await using world = await makeWorld();
  await using sandbox = await makeSandbox();
  const { host } = world;
  const call = (command: CniCommand, conf: JsonObject) =>
    callPlugin({ command, conf, host, ...at, netns: sandbox.path });
  const good = firewallConf("198.51.100.9/24", "2001:db8:5::9/64");
  expect(await call("ADD", good)).toMatchObject({ code: 0 });
  const before = await host.exec("nft", "list", "ruleset");
  for (const address of [
    "0.0.0.0/0",
    "0.0.0.0/32",
    "::/0",
    "::1/128",
    "127.0.0.1/8",
    "224.0.0.1/4",
    "255.255.255.255/32",
    "ff02::1/64",
  ]) {
    const conf = firewallConf("198.51.100.9/24", address);
    const refused = { code: 1, json: { code: 7, msg: expect.stringContaining(`"${address}"`) } };
    for (const command of ["ADD", "CHECK"] as const) expect(await call(command, conf)).toMatchObject(refused);
    expect(await host.exec("nft", "list", "ruleset")).toBe(before);
  }
  // Somebody else's rules with zeros in them stay.
  await host.exec(
    "nft",
    "add table ip filter; add chain ip filter CNI-FORWARD; add rule ip filter CNI-FORWARD ip saddr 0.0.0.0 accept",
  );
  expect(await call("DEL", firewallConf("0.0.0.0/0", "::/0"))).toMatchObject({ code: 0 });
  const left = await host.exec("nft", "list", "ruleset");
  expect(left).toContain("ip saddr 0.0.0.0 accept");
  expect(left).not.toMatch(/fw-[0-9a-f]{16}|elements/);
});
