import { describe, expect, test } from "bun:test";
import type { JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { comment } from "../../src/netlink/nft/index.ts";
import { type FirewallConf, parse } from "./config.ts";
import { policySlots } from "./policies.ts";
import { type Profile, profileCounter, profileOf } from "./profile.ts";
import { LINKS, WITHIN } from "./table.ts";

function config(raw: JsonObject, lenient = false): FirewallConf {
  const conf: NetworkConfig = { cniVersion: "1.1.0", name: "net", type: "firewall", raw };
  return parse(conf, { lenient });
}

describe("config", () => {
  test("defaults, and empty texts as in the reference", () => {
    const defaults = { needsFirewalld: false, zone: "trusted", adminChain: "CNI-ADMIN", policy: "open", mark: 0x1000 };
    expect(config({})).toMatchObject(defaults);
    expect(config({ backend: "", ingressPolicy: "", iptablesAdminChainName: "", firewalldZone: "" })).toMatchObject(
      defaults,
    );
    expect(config({ backend: null })).toMatchObject(defaults);
  });

  test("keys in any case", () => {
    expect(
      config({
        Backend: "firewalld",
        IngressPolicy: "isolated",
        IPTablesAdminChainName: "MINE",
        firewalldzone: "cni",
        markbit: 31,
      }),
    ).toMatchObject({ needsFirewalld: true, policy: "isolated", adminChain: "MINE", zone: "cni", mark: 0x8000_0000 });
    for (const backend of ["iptables", "nftables"]) expect(config({ backend }).needsFirewalld).toBe(false);
  });

  const bad: readonly JsonObject[] = [
    { backend: "ipchains" },
    { backend: 7 },
    { ingressPolicy: "Isolated" },
    { iptablesAdminChainName: "has space" },
    { iptablesAdminChainName: 'quo"te' },
    { iptablesAdminChainName: "!not" },
    { iptablesAdminChainName: "a".repeat(29) },
    { firewalldZone: "ä" },
    { markBit: -1 },
    { markBit: 32 },
    { markBit: "12" },
  ];
  for (const raw of bad)
    test(`${JSON.stringify(raw)} is refused, and ignored by DEL`, () => {
      expect(() => config(raw)).toThrow(new RegExp(Object.keys(raw)[0] ?? ""));
      expect(config(raw, true)).toMatchObject({
        policy: "open",
        mark: 0x1000,
        zone: "trusted",
        adminChain: "CNI-ADMIN",
      });
    });
});

const base: Profile = { family: 4, mark: 0x1000, adminChain: "CNI-ADMIN", policy: "open", link: undefined };

describe("profiles", () => {
  const counterOf = (profile: Profile) => ({ userdata: comment(profileCounter(profile).about) });

  test("are read again from the counter's comment, whatever the link is called", () => {
    for (const link of ["cni0", 'a"b', "%41", "-", "ä€", "x%"])
      expect(profileOf(counterOf({ ...base, policy: "isolated", link }))).toEqual({
        ...base,
        policy: "isolated",
        link,
      });
    expect(profileOf(counterOf(base))).toEqual(base);
    expect(profileOf(counterOf({ ...base, mark: 0x8000_0000, family: 6 }))).toEqual({
      ...base,
      mark: 0x8000_0000,
      family: 6,
    });
  });

  test("fit a comment of nft at their longest", () => {
    const longest: Profile = {
      family: 6,
      mark: 0x8000_0000,
      adminChain: "a".repeat(28),
      policy: "same-bridge",
      link: '"'.repeat(15),
    };
    expect(new TextEncoder().encode(profileCounter(longest).about).length).toBeLessThanOrEqual(127);
  });

  test("that differ have counters that differ", () => {
    const all: Profile[] = [
      base,
      { ...base, family: 6 },
      { ...base, mark: 2 },
      { ...base, adminChain: "X" },
      { ...base, policy: "isolated", link: "a" },
    ];
    expect(new Set(all.map((profile) => profileCounter(profile).name)).size).toBe(all.length);
  });

  test("others' objects are none", () => {
    expect(profileOf({ userdata: comment("tsnet1 shared 1") })).toBeUndefined();
    expect(profileOf({ userdata: comment("tsnet1 firewall 5 0x1 open - X") })).toBeUndefined();
    expect(profileOf({})).toBeUndefined();
  });
});

test("one isolated network of a link makes all of them isolated", () => {
  const on = (link: string, policy: Profile["policy"]): Profile => ({ ...base, link, policy });
  const named = (profiles: readonly Profile[]): string[] =>
    policySlots(profiles).map(
      ({ set, key }) => `${set} ${new TextDecoder().decode(key).replaceAll("\0", " ").replace(/ +/g, " ").trim()}`,
    );
  expect(named([on("a", "same-bridge"), on("b", "isolated"), on("a", "same-bridge")])).toEqual([
    `${LINKS} a`,
    `${LINKS} b`,
    `${WITHIN} a a`,
  ]);
  expect(named([on("a", "same-bridge"), on("a", "isolated")])).toEqual([`${LINKS} a`]);
  expect(named([base])).toEqual([]);
});
