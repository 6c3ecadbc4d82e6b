/** Containers' packets pass where others filter: iptables (nf_tables and legacy), Docker, ufw, rule sets of nft. */
import { expect } from "bun:test";
import type { Place } from "../support/place.ts";
import { callPlugin } from "../support/plugin.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import {
  CONTAINER_PORT,
  type Container,
  dropForwarded,
  FAMILIES,
  guarded,
  HOST,
  iptablesRules,
  makeWorld,
  NEIGHBOUR,
  OUTSIDE_PORT,
  openOutside,
  Sightings,
  type World,
} from "./world.ts";

const lacks = [lacksRoot, lacksCommand("iptables-nft", "ip6tables-nft")];
const PUBLISHED = 8080;
const MAPPINGS = ["tcp", "udp"].map((protocol) => ({ hostPort: PUBLISHED, protocol }));

/** Out and back in, published ports, the other container; nobody else comes in. */
async function expectThrough(world: World, one: Container, other: Container, through = true): Promise<void> {
  const sightings = new Sightings();
  for (const family of FAMILIES)
    await Promise.all([
      sightings.look(`v${family}: out`, one.netns, NEIGHBOUR[family], OUTSIDE_PORT, through),
      sightings.look(`v${family}: published`, world.neighbour, HOST[family], PUBLISHED, through),
      sightings.look(`v${family}: another network`, one.netns, other.ip[family], CONTAINER_PORT, through),
      sightings.look(`v${family}: in`, world.neighbour, one.ip[family], CONTAINER_PORT, false),
    ]);
  expect(sightings.seen).toEqual(sightings.expected);
}

/** Two networks on a host that `prepare` made drop; the rule set is as before when the last container has gone. */
async function throughFirewall(
  prepare: (world: World) => Promise<unknown>,
  look: (world: World, one: Container, other: Container) => Promise<unknown> = async () => {},
): Promise<void> {
  await using world = await makeWorld();
  await using _outside = await openOutside(world);
  await prepare(world);
  const before = await foreignRules(world);
  // Without the plugin nothing passes.
  const [bare, bareOther] = [world.network("bare", {}, 1), world.network("bare2", {}, 2)];
  const without = [await world.container(bare, MAPPINGS), await world.container(bareOther, [])] as const;
  await expectThrough(world, ...without, false);
  for (const { chain, attachment } of without) await chain.del(attachment);

  const one = await world.container(guarded(world, "blue", 1), MAPPINGS);
  const other = await world.container(guarded(world, "red", 2), []);
  await expectThrough(world, one, other);
  await look(world, one, other);
  for (const { chain, attachment } of [one, other]) await chain.check(attachment);
  await one.chain.del(one.attachment);
  await other.chain.check(other.attachment);
  await other.chain.del(other.attachment);
  expect(await foreignRules(world)).toEqual(before);
}

/** What many a script does. */
async function saveAndRestore(host: Place): Promise<void> {
  for (const tool of ["iptables-nft", "ip6tables-nft"]) await host.exec("sh", "-c", `${tool}-save | ${tool}-restore`);
}

/** Everything but our own tables, without counters. */
async function foreignRules({ host }: World): Promise<string[]> {
  const lines = (await host.exec("nft", "-s", "list", "ruleset")).split("\n");
  let own = false;
  return lines.filter((line) => {
    if (line.startsWith("table")) own = / tsnet /.test(line);
    return !own && line.trim() !== "";
  });
}

testUnless(lacks, "iptables (nf_tables) with policy DROP at FORWARD", () =>
  throughFirewall(
    ({ host }) => dropForwarded(host),
    async ({ host }) => {
      // One rule for each family, however many containers.
      const ours = (await iptablesRules(host)).filter((line) => line.includes("tsnet1"));
      expect(ours).toHaveLength(2);
    },
  ),
);

testUnless(
  lacks,
  "iptables-save and -restore keep FORWARD's rule with its meaning: the firewall is neither closed nor opened",
  () =>
    throughFirewall(
      async ({ host }) => {
        await dropForwarded(host);
        await saveAndRestore(host);
      },
      async (world, one, other) => {
        const { host } = world;
        const before = await iptablesRules(host);
        await saveAndRestore(host);
        expect(await iptablesRules(host)).toEqual(before);
        await expectThrough(world, one, other);
        // Known again after it: no second rule.
        const third = await world.container(guarded(world, "blue", 1), []);
        expect(await iptablesRules(host)).toEqual(before);
        await third.chain.del(third.attachment);
        // Somebody who is no container of ours does not get through.
        const bare = await world.container(world.network("bare", {}, 3), []);
        const sightings = new Sightings();
        for (const family of FAMILIES)
          await sightings.look(`v${family}: a stranger`, bare.netns, NEIGHBOUR[family], OUTSIDE_PORT, false);
        expect(sightings.seen).toEqual(sightings.expected);
        await bare.chain.del(bare.attachment);
      },
    ),
);

testUnless(lacks, "a chain of the administrator, if there is one, has its say before", () =>
  throughFirewall(
    async ({ host }) => {
      await dropForwarded(host);
      for (const tool of ["iptables-nft", "ip6tables-nft"]) await host.exec(tool, "-N", "CNI-ADMIN");
    },
    async ({ host, neighbour }, one) => {
      const [first, second] = (await iptablesRules(host)).filter((line) => line.startsWith("-A"));
      expect(first).toContain("-j CNI-ADMIN");
      expect(second).toContain("-j ACCEPT");
      await host.exec("iptables-nft", "-A", "CNI-ADMIN", "-p", "tcp", "--dport", String(OUTSIDE_PORT), "-j", "REJECT");
      await host.exec("iptables-nft", "-A", "CNI-ADMIN", "-p", "udp", "--dport", String(OUTSIDE_PORT), "-j", "REJECT");
      const sightings = new Sightings();
      await sightings.look("refused by the administrator", one.netns, NEIGHBOUR[4], OUTSIDE_PORT, false);
      await sightings.look("not concerned", neighbour, HOST[4], PUBLISHED, true);
      expect(sightings.seen).toEqual(sightings.expected);
      await host.exec("iptables-nft", "-F", "CNI-ADMIN");
    },
  ),
);

testUnless(lacks, "a chain of the administrator under a name of its own, and another mark", async () => {
  await using world = await makeWorld();
  await dropForwarded(world.host);
  await world.host.exec("iptables-nft", "-N", "MINE");
  const keys = { iptablesAdminChainName: "MINE", markBit: 31 };
  const one = await world.container(guarded(world, "blue", 1, keys), []);
  const other = await world.container(guarded(world, "red", 2), []);
  const rules = (await iptablesRules(world.host)).join("\n");
  expect(rules).toContain("-j MINE");
  expect(rules).toContain("--mark 0x80000000/0x80000000");
  expect(rules).toContain("--mark 0x1000/0x1000");
  for (const each of [one, other]) await each.chain.check(each.attachment);
  await using _outside = await openOutside(world);
  const sightings = new Sightings();
  for (const family of FAMILIES) {
    await sightings.look(`v${family}: out`, one.netns, NEIGHBOUR[family], OUTSIDE_PORT, true);
    await sightings.look(`v${family}: another network`, one.netns, other.ip[family], CONTAINER_PORT, true);
  }
  expect(sightings.seen).toEqual(sightings.expected);
  // What only one of them needed goes with it.
  await one.chain.del(one.attachment);
  const left = (await iptablesRules(world.host)).join("\n");
  expect(left).not.toMatch(/MINE|0x80000000/);
  expect(left).toContain("--mark 0x1000/0x1000");
  await other.chain.check(other.attachment);
  await other.chain.del(other.attachment);
  expect(await iptablesRules(world.host)).toEqual(["-P FORWARD DROP", "-P FORWARD DROP"]);
});

/** What Docker Engine 27 leaves with one bridge. */
const dockerRules = (tool: string): string => `
${tool} -P FORWARD DROP
${tool} -N DOCKER
${tool} -N DOCKER-ISOLATION-STAGE-1
${tool} -N DOCKER-ISOLATION-STAGE-2
${tool} -N DOCKER-USER
${tool} -A FORWARD -j DOCKER-USER
${tool} -A FORWARD -j DOCKER-ISOLATION-STAGE-1
${tool} -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
${tool} -A FORWARD -o docker0 -j DOCKER
${tool} -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
${tool} -A FORWARD -i docker0 -o docker0 -j ACCEPT
${tool} -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
${tool} -A DOCKER-ISOLATION-STAGE-1 -j RETURN
${tool} -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
${tool} -A DOCKER-ISOLATION-STAGE-2 -j RETURN
${tool} -A DOCKER-USER -s 198.51.100.0/24 -j DROP
${tool} -A DOCKER-USER -j RETURN`;

testUnless(lacks, "Docker: the rule goes to DOCKER-USER, behind what its users say and before its RETURN", () =>
  throughFirewall(
    async ({ host }) => {
      await host.exec("sh", "-ec", dockerRules("iptables-nft"));
      await host.exec("sh", "-ec", dockerRules("ip6tables-nft").replace("198.51.100.0/24", "2001:db8:51::/64"));
    },
    async ({ host }) => {
      const targets = (await iptablesRules(host, "DOCKER-USER")).map((line) => / -j (\w+)/.exec(line)?.[1]);
      const each = [undefined, "DROP", "ACCEPT", "RETURN"];
      expect(targets).toEqual([...each, ...each]);
      expect((await iptablesRules(host)).join("\n")).not.toContain("tsnet1");
    },
  ),
);

testUnless(
  [...lacks, lacksCommand("ufw")],
  "ufw: what its user denies stays denied, all else passes, and a reload keeps it",
  () =>
    throughFirewall(
      (world) => ufw(world, "ufw --force enable"),
      async (world, one, other) => {
        await ufw(world, "ufw route deny proto udp to any port 99 && ufw reload");
        await expectThrough(world, one, other);
        const rules = (await iptablesRules(world.host)).filter((line) => line.startsWith("-A")).join("\n");
        expect(rules).toMatch(/-j ufw-before-forward\n[^\n]*tsnet1 firewall pass[^\n]*ACCEPT\n/);
        expect(rules).toMatch(/-j ufw6-before-forward\n[^\n]*tsnet1 firewall pass[^\n]*ACCEPT\n/);
        await ufw(world, "ufw route delete deny proto udp to any port 99 && ufw reload");
      },
    ),
);

/** With files of its own: each call begins anew, and says all it needs. */
async function ufw({ host }: World, script: string): Promise<void> {
  const files = `
    mount -t tmpfs tmpfs /run && mkdir /run/etc && cp -a /etc/ufw /run/etc/ && cp /etc/default/ufw /run/etc/default
    mount --bind /run/etc/ufw /etc/ufw && mount --bind /run/etc/default /etc/default/ufw
    sed -i s/ENABLED=no/ENABLED=yes/ /etc/ufw/ufw.conf`;
  await host.exec("unshare", "--mount", "sh", "-ec", `${files}\n${script}`);
}

testUnless(
  [...lacks, lacksCommand("iptables-legacy", "ip6tables-legacy")],
  "legacy iptables is never written, and ADD says what to run, which works",
  async () => {
    await using world = await makeWorld();
    const { host } = world;
    for (const tool of ["iptables-legacy", "ip6tables-legacy"]) await host.exec(tool, "-P", "FORWARD", "DROP");
    await using _outside = await openOutside(world);
    const chain = guarded(world, "blue", 1);
    const one = await world.container(chain, MAPPINGS);
    const other = await world.container(guarded(world, "red", 2), []);
    const conf = {
      cniVersion: "1.1.0",
      name: "blue",
      type: "firewall",
      prevResult: JSON.parse(JSON.stringify(one.result)),
    };
    const { containerId, netns } = one.attachment;
    const again = await callPlugin({ command: "ADD", conf, host, containerId, netns, ifName: "eth0" });
    const [, commands = ""] = /runs, once: (.*)/.exec(again.stderr) ?? [];
    expect(commands).toContain("iptables-legacy -I FORWARD");
    expect(commands).toContain("ip6tables-legacy -I FORWARD");
    expect(await host.exec("iptables-legacy", "-S", "FORWARD")).toBe("-P FORWARD DROP\n");
    await expectThrough(world, one, other, false);
    await host.exec("sh", "-ec", commands);
    await expectThrough(world, one, other);
  },
);

testUnless(
  lacks,
  "a base chain of somebody's own with policy drop is named, with the rule it needs, which works",
  async () => {
    await using world = await makeWorld();
    await using _outside = await openOutside(world);
    const { host } = world;
    await host.exec(
      "nft",
      "add table inet site; add chain inet site walk { type filter hook forward priority 0; policy drop; }",
    );
    const before = await foreignRules(world);
    const chain = guarded(world, "blue", 1);
    const failure = await world.container(chain, []).then(
      () => new Error("ADD succeeded"),
      (error: Error) => error,
    );
    expect(failure.message).toContain("inet site walk");
    const [remedy = ""] = /nft insert rule inet site walk [\w =]+/.exec(failure.message) ?? [];
    expect(await foreignRules(world)).toEqual(before);
    expect(
      await chain.status().then(
        () => undefined,
        (error: Error) => error.message,
      ),
    ).toContain("inet site walk");

    await host.exec("sh", "-ec", remedy);
    await chain.status();
    const one = await world.container(chain, MAPPINGS);
    const other = await world.container(guarded(world, "red", 2), []);
    await expectThrough(world, one, other);
    await one.chain.check(one.attachment);
    // A dormant table drops nothing.
    await host.exec("nft", "flush chain inet site walk; add table inet site { flags dormant; }");
    await one.chain.check(one.attachment);
    await host.exec("nft", "add table inet site;");
    const missed = await one.chain.check(one.attachment).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(missed).toContain("inet site walk");
  },
);

testUnless(lacks, "a policy that is set later: CHECK misses the rule, the next ADD of anybody makes it", async () => {
  await using world = await makeWorld();
  await using _outside = await openOutside(world);
  const one = await world.container(guarded(world, "blue", 1), MAPPINGS);
  const other = await world.container(guarded(world, "red", 2), []);
  await expectOpen(world, one);
  await dropForwarded(world.host);
  const missed = await one.chain.check(one.attachment).then(
    () => "",
    (error: Error) => error.message,
  );
  expect(missed).toContain("ip filter FORWARD");
  // The next ADD on any network makes the shared rules.
  const third = await world.container(guarded(world, "blue", 1), []);
  await one.chain.check(one.attachment);
  await expectThrough(world, one, other);
  await third.chain.del(third.attachment);
  await one.chain.check(one.attachment);
});

async function expectOpen(world: World, one: Container): Promise<void> {
  const sightings = new Sightings();
  for (const family of FAMILIES)
    await sightings.look(`v${family}: out`, one.netns, NEIGHBOUR[family], OUTSIDE_PORT, true);
  expect(sightings.seen).toEqual(sightings.expected);
  expect(await world.host.run(["nft", "list", "table", "ip", "filter"])).toMatchObject({ code: 1 });
}
