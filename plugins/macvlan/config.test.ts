import { describe, expect, test } from "bun:test";
import type { JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { type MacvlanConf, parse } from "./config.ts";

const conf = (raw: JsonObject): NetworkConfig => ({ cniVersion: "1.0.0", name: "n", type: "macvlan", raw });
const parsed = (raw: JsonObject): MacvlanConf => parse(conf(raw), { lenient: false });

describe("keys of macvlan", () => {
  test("defaults are the reference's", () => {
    expect(parsed({})).toMatchObject({
      master: undefined,
      linkInContainer: false,
      mode: "bridge",
      mtu: 0,
      bcQueueLen: 0,
      dad: false,
      mac: undefined,
      ownMac: undefined,
      ipamType: undefined,
      dns: undefined,
    });
  });

  const taken: [JsonObject, Partial<MacvlanConf>][] = [
    [
      { MASTER: "eth0", Mode: "vepa" },
      { master: "eth0", mode: "vepa" },
    ],
    [
      { master: "", mode: "", mac: "" },
      { master: undefined, mode: "bridge", ownMac: undefined },
    ],
    [{ master: "a-name-of-more-than-15-bytes" }, { master: "a-name-of-more-than-15-bytes" }],
    [{ mode: "private" }, { mode: "private" }],
    [{ mode: "passthru" }, { mode: "passthru" }],
    [{ mtu: 68 }, { mtu: 68 }],
    [
      { linkInContainer: true, enabledad: true },
      { linkInContainer: true, dad: true },
    ],
    [{ bcqueuelen: 0xffff_ffff }, { bcQueueLen: 0xffff_ffff }],
    [{ bcQueueLen: 7 }, { bcQueueLen: 7 }],
    [{ mac: "02-00-00-00-00-0A" }, { ownMac: "02:00:00:00:00:0a", mac: undefined }],
    [
      { args: { cni: { mac: "02:00:00:00:00:0a" } }, mac: "02:00:00:00:00:0c" },
      { mac: "02:00:00:00:00:0a", ownMac: "02:00:00:00:00:0c" },
    ],
    [
      { args: { cni: { mac: "02:00:00:00:00:0a" } }, runtimeConfig: { mac: "0200.0000.000b" } },
      { mac: "02:00:00:00:00:0b" },
    ],
    [{ ipam: {} }, { ipamType: undefined }],
    [{ ipam: { type: "dhcp" } }, { ipamType: "dhcp" }],
    [{ dns: { domain: "example" } }, { dns: { domain: "example" } }],
  ];
  for (const [raw, want] of taken) test(JSON.stringify(raw), () => expect(parsed(raw)).toMatchObject(want));

  const refused: [JsonObject, string][] = [
    [{ master: 5 }, 'key "master": need a string, have 5'],
    [{ master: "a/b" }, 'key "master": need the name of an interface'],
    [{ master: ".." }, 'key "master": need the name of an interface'],
    [{ master: "a\0b" }, 'key "master": need the name of an interface'],
    [{ master: "\ud800" }, 'key "master": need the name of an interface'],
    [{ master: "a".repeat(128) }, 'key "master": need the name of an interface'],
    [{ mode: "source" }, 'key "mode": need "bridge", "private", "vepa", "passthru", have "source"'],
    [{ mode: "Bridge" }, 'key "mode"'],
    [{ mtu: 67 }, 'key "mtu": need 0, or an integer from 68 to 65535, have 67'],
    [{ mtu: 65_536 }, 'key "mtu": need an integer from 0 to 65535, have 65536'],
    [{ mtu: "1500" }, 'key "mtu"'],
    [{ bcqueuelen: -1 }, 'key "bcqueuelen": need an integer from 0 to 4294967295, have -1'],
    [{ bcqueuelen: 1.5 }, 'key "bcqueuelen"'],
    [{ linkInContainer: "true" }, 'key "linkInContainer": need true or false, have "true"'],
    [{ enabledad: 0 }, 'key "enabledad": need true or false, have 0'],
    [{ mac: "01:00:5e:00:00:01" }, 'key "mac": need a unicast MAC address'],
    [{ runtimeConfig: { mac: "x" } }, 'key "runtimeConfig.mac": need a unicast MAC address'],
    [{ args: { cni: { mac: [] } } }, 'key "args.cni.mac": need a string'],
    [{ ipam: "host-local" }, 'key "ipam": need an object'],
    [{ ipam: { type: 5 } }, 'key "ipam.type": need a string'],
    [{ dns: { search: "x" } }, 'key "dns.search"'],
  ];
  for (const [raw, message] of refused)
    test(`${JSON.stringify(raw)} is refused`, () => {
      expect(() => parsed(raw)).toThrow(message);
      expect(() => parsed(raw)).toThrow(expect.objectContaining({ code: 7 }));
    });

  test("DEL and GC read past all of these", () => {
    for (const [raw] of refused) expect(() => parse(conf(raw), { lenient: true })).not.toThrow();
  });
});
