/** The plugin is replaced by this version while containers run: what the version before left goes on, and goes on being looked after. */
import { expect } from "bun:test";
import { elements } from "../portmap/world.ts";
import type { Place } from "../support/place.ts";
import { mustCall } from "../support/plugin.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import {
  type Container,
  dropForwarded,
  FAMILIES,
  guarded,
  iptablesRules,
  makeWorld,
  NEIGHBOUR,
  OUTSIDE_PORT,
  openOutside,
  Sightings,
  type World,
} from "./world.ts";

const lacks = [lacksRoot, lacksCommand("iptables-nft", "ip6tables-nft", "nft", "ping")];

/**
 * Writes our table again in the form that versions before this one made: maps of verdicts, a chain for each sort of address,
 * one base chain. (Taken from `nft list ruleset` after such a version's ADD.)
 */
async function intoPreviousForm(host: Place): Promise<void> {
  const text = await host.exec("nft", "-s", "list", "table", "inet", "tsnet");
  const counters = [...text.matchAll(/counter (fw-[0-9a-f]{16}) \{\s+comment "([^"]*)"/g)];
  const script = [
    ...["fw-policies", "fw-pass-0x1000", "fw-between"].flatMap((chain) =>
      text.includes(`chain ${chain} {`) ? [`flush chain inet tsnet ${chain}`, `delete chain inet tsnet ${chain}`] : [],
    ),
    ...["links", "within"].flatMap((name) =>
      text.includes(`set fw-${name} {`)
        ? []
        : [`add set inet tsnet fw-${name} { type ifname${name === "within" ? " . ifname" : ""}; }`],
    ),
    ...counters.flatMap(([, name, comment]) => [
      `add chain inet tsnet ${name} { comment "${comment}"; }`,
      `add rule inet tsnet ${name} meta mark set meta mark or 0x1000 comment "let through"`,
    ]),
  ];
  for (const family of FAMILIES) {
    const name = `fw${family}`;
    const [, list = ""] = new RegExp(`map ${name}-0x1000 \\{[^}]*elements = \\{([^}]*)\\}`).exec(text) ?? [];
    script.push(
      `add map inet tsnet ${name} { type ipv${family}_addr : verdict; }`,
      `add element inet tsnet ${name} {${list.replaceAll(/: "(fw-[0-9a-f]{16})"/g, ": goto $1").replaceAll("\n", " ")}}`,
      `flush map inet tsnet ${name}-0x1000`,
      `delete map inet tsnet ${name}-0x1000`,
    );
  }
  script.push(
    ...counters.map(([, name]) => `delete counter inet tsnet ${name}`),
    'add chain inet tsnet fw-between { comment "tsnet1 shared 1"; }',
    "add rule inet tsnet fw-between ct state established,related return",
    "add rule inet tsnet fw-between ct status dnat return",
    "add rule inet tsnet fw-between iifname . oifname @fw-within return",
    "add rule inet tsnet fw-between drop",
    'add chain inet tsnet fw-forward { type filter hook forward priority -10; comment "tsnet1 shared 1"; }',
    "add rule inet tsnet fw-forward iifname @fw-links oifname @fw-links jump fw-between",
    ...["", "ct state established,related", "ct status dnat"].flatMap((test) =>
      ["ip", "ip6"].map(
        (ip) =>
          `add rule inet tsnet fw-forward ${test} ${ip} ${test ? "daddr" : "saddr"} vmap @fw${ip === "ip" ? 4 : 6}`,
      ),
    ),
  );
  const loaded = await host.run(["nft", "-f", "-"], { stdin: script.join("\n") });
  expect(loaded).toMatchObject({ code: 0, stderr: "" });
}

const PREVIOUS = /chain fw-forward|map fw[46] \{|goto fw-/;

/** What whoever comes first after the change does. */
const FIRST: Readonly<Record<string, (one: Container, world: World) => Promise<unknown>>> = {
  "ADD of another": (_, world) => world.container(guarded(world, "blue", 1), []),
  "ADD again": ({ attachment: { containerId, netns }, result }, { host }) => {
    const prevResult = JSON.parse(JSON.stringify(result));
    const conf = { cniVersion: "1.1.0", name: "blue", type: "firewall", prevResult };
    return mustCall({ command: "ADD", conf, host, containerId, netns, ifName: "eth0" });
  },
  DEL: ({ chain, attachment }) => chain.del(attachment),
  "GC of all": ({ chain }) => chain.gc([]),
};

for (const [what, first] of Object.entries(FIRST))
  testUnless(lacks, `${what} finds the form of the version before, and no packet is lost`, async () => {
    await using world = await makeWorld();
    const { host } = world;
    await dropForwarded(host);
    await using _outside = await openOutside(world);
    const one = await world.container(guarded(world, "blue", 1), []);
    const two = await world.container(guarded(world, "red", 2, { ingressPolicy: "isolated" }), []);
    const three = await world.container(guarded(world, "red", 2, { ingressPolicy: "isolated" }), []);
    await intoPreviousForm(host);
    const listed = (): Promise<string> => host.exec("nft", "list", "ruleset");
    expect(await listed()).toMatch(PREVIOUS);
    const others = [two, three];
    for (const { chain, attachment } of [one, ...others]) await chain.check(attachment);

    const stream = two.netns.run(["ping", "-q", "-i", "0.01", "-c", "60", NEIGHBOUR[4]]);
    await Bun.sleep(100);
    const added = await first(one, world);
    expect((await stream).stdout).toContain("60 received");

    expect(await listed()).not.toMatch(PREVIOUS);
    const stays = what === "DEL" || what === "GC of all" ? [] : [one];
    const more = what === "ADD of another" ? [added as Container] : [];
    for (const family of FAMILIES)
      expect(await elements(host, `fw${family}-0x1000`)).toHaveLength(others.length + stays.length + more.length);
    const sightings = new Sightings();
    for (const family of FAMILIES) {
      await sightings.look(`v${family}: out`, two.netns, NEIGHBOUR[family], OUTSIDE_PORT, true);
      await sightings.look(`v${family}: a neighbour, isolated`, two.netns, three.ip[family], 80, false);
    }
    expect(sightings.seen).toEqual(sightings.expected);
    for (const each of [...stays, ...others, ...more]) await each.chain.check(each.attachment);
    for (const each of [one, ...others, ...more]) await each.chain.del(each.attachment);
    expect(await iptablesRules(host)).toEqual(["-P FORWARD DROP", "-P FORWARD DROP"]);
    expect(await listed()).not.toMatch(/fw-[0-9a-f]{16}|fw-isolate|elements/);
  });
