import { describe, expect, test } from "bun:test";
import { CniError } from "../../cni/errors.ts";
import type { JsonObject } from "../../cni/types.ts";
import { formatCidr, formatIp } from "../../ip/index.ts";
import { type OverlayConf, parseOverlay } from "./config.ts";

const parse = (raw: JsonObject, lenient = false): OverlayConf =>
  parseOverlay({ cniVersion: "1.1.0", name: "blue", type: "vxlan", raw }, { lenient });

const peer = (more: JsonObject = {}): JsonObject => ({
  peers: [{ address: "192.0.2.2", subnets: ["10.244.2.0/24"], ...more }],
});

describe("keys of an overlay", () => {
  test("defaults", () => {
    expect(parse({ vni: 42 })).toEqual({
      network: "blue",
      vni: 42,
      port: 4789,
      dev: undefined,
      local: undefined,
      mtu: 0,
      bridge: "br-ov42",
      directRouting: false,
      peers: [],
      peersDir: undefined,
      subnets: [],
      subnetFile: undefined,
      ipMasq: false,
    });
  });

  test("everything set, whatever the case of the keys", () => {
    const conf = parse({
      VNI: 16777215,
      port: 8472,
      dev: "eth1",
      local: "2001:DB8::1",
      mtu: 1400,
      bridge: "blue0",
      ipmasq: true,
      directRouting: true,
      subnets: ["10.244.1.1/24", "fd00:1::5/64"],
      subnetFile: "/run/flannel/subnet.env",
      peersDir: "/run/peers",
      peers: [
        { address: "2001:db8:0::2", subnets: ["10.244.2.0/24", "fd00:2::/64"], mac: "02-00-00-00-00-0A" },
        { address: "2001:db8::3", subnets: ["10.244.3.0/24"] },
      ],
    });
    expect(conf).toMatchObject({
      vni: 16777215,
      port: 8472,
      dev: "eth1",
      mtu: 1400,
      bridge: "blue0",
      ipMasq: true,
      directRouting: true,
      subnetFile: "/run/flannel/subnet.env",
      peersDir: "/run/peers",
    });
    expect(conf.local && formatIp(conf.local)).toBe("2001:db8::1");
    expect(conf.subnets.map(formatCidr)).toEqual(["10.244.1.0/24", "fd00:1::/64"]);
    expect(conf.peers.map((p) => [formatIp(p.address), p.subnets.map(formatCidr), p.mac, p.from])).toEqual([
      ["2001:db8::2", ["10.244.2.0/24", "fd00:2::/64"], "02:00:00:00:00:0a", "peers[0]"],
      ["2001:db8::3", ["10.244.3.0/24"], undefined, "peers[1]"],
    ]);
  });

  const refused: [JsonObject, string][] = [
    [{ vni: 0 }, 'key "vni": need an integer from 1 to 16777215, have 0'],
    [{ vni: 16777216 }, 'key "vni"'],
    [{ vni: "42" }, 'key "vni"'],
    [{ vni: 1.5 }, 'key "vni"'],
    [{ vni: null }, 'key "vni": need an integer from 1 to 16777215, the same on every host, have nothing'],
    [{ port: 0 }, 'key "port": need an integer from 1 to 65535, have 0'],
    [{ port: 65536 }, 'key "port"'],
    [{ dev: 5 }, 'key "dev": need a string'],
    [{ dev: "a/b" }, 'key "dev": need an interface name'],
    [{ dev: "a\0b" }, 'key "dev": need an interface name'],
    [{ dev: "\ud800" }, 'key "dev": need an interface name'],
    [{ bridge: "a".repeat(16) }, 'key "bridge": need an interface name'],
    [{ bridge: "all" }, 'key "bridge": need an interface name'],
    [{ local: "192.0.2" }, 'key "local": need an IP address of this host'],
    [{ local: "127.0.0.1" }, 'key "local"'],
    [{ local: "fe80::1" }, 'key "local"'],
    [{ local: "0.0.0.0" }, 'key "local"'],
    [{ local: "224.0.0.1" }, 'key "local"'],
    [{ mtu: -1 }, 'key "mtu"'],
    [{ mtu: 67 }, 'key "mtu": need 0, or an integer from 68 to 65535, have 67'],
    [{ mtu: 65536 }, 'key "mtu"'],
    [{ mtu: "1400" }, 'key "mtu"'],
    [{ ipMasq: "yes" }, 'key "ipMasq": need true or false'],
    [{ directRouting: 1 }, 'key "directRouting": need true or false'],
    [{ peersDir: 5 }, 'key "peersDir": need a string'],
    [{ subnetFile: [] }, 'key "subnetFile": need a string, have a list'],
    [{ subnets: "10.244.1.0/24" }, 'key "subnets": need a list'],
    [{ subnets: [5] }, 'key "subnets[0]": need a string'],
    [
      { subnets: ["10.244.1.0"] },
      'key "subnets[0]": need a prefix that containers can have addresses of (no prefix length',
    ],
    [{ subnets: ["10.244.1.0/33"] }, "prefix length is 0..32"],
    [{ subnets: ["0.0.0.0/0"] }, "every address there is"],
    [{ subnets: ["127.0.0.0/16"] }, "loopback"],
    [{ subnets: ["240.0.0.0/8"] }, "multicast or reserved"],
    [{ subnets: ["fe80::/64"] }, "link-local"],
    [{ subnets: Array.from({ length: 65 }, (_, i) => `10.244.${i}.0/24`) }, "at most 64 subnets"],
    [{ peers: {} }, 'key "peers": need a list'],
    [{ peers: ["192.0.2.2"] }, 'key "peers[0]": need an object'],
    [peer({ address: null }), 'key "peers[0].address": need the IP address'],
    [peer({ address: "host2" }), 'key "peers[0].address"'],
    [peer({ address: "169.254.1.1" }), "169.254.1.1 is link-local"],
    [peer({ address: "ff02::1" }), "ff02::1 is multicast"],
    [peer({ subnets: [] }), 'key "peers[0].subnets": need at least one subnet'],
    [peer({ subnets: null }), 'key "peers[0].subnets": need at least one subnet'],
    [peer({ subnets: ["::/0"] }), "every address there is"],
    [peer({ subnets: ["10.2.0.0/25", "10.2.0.0/24"] }), "overlaps 10.2.0.0/25 of the same host"],
    [{ subnets: ["10.2.0.0/24", "10.2.0.0/24"] }, "overlaps 10.2.0.0/24 of the same host"],
    [peer({ mtu: 67 }), 'key "peers[0].mtu": need an integer from 68 to 65535, have 67'],
    [peer({ mtu: 1279, subnets: ["fd00:2::/64"] }), 'key "peers[0].mtu": need an integer from 1280 to 65535'],
    [peer({ mtu: "1400" }), 'key "peers[0].mtu"'],
    [peer({ mac: "02:00" }), 'key "peers[0].mac": need the unicast MAC address'],
    [peer({ mac: "01:00:5e:00:00:01" }), 'key "peers[0].mac"'],
    [peer({ mac: "00:00:00:00:00:00" }), 'key "peers[0].mac"'],
    [peer({ mac: 2 }), 'key "peers[0].mac": need a string'],
    [{ peers: Array.from({ length: 10_001 }, () => ({})) }, "at most 10000 hosts"],
  ];
  for (const [keys, says] of refused)
    test(`refused: ${JSON.stringify(keys).slice(0, 80)}`, () => {
      const error = thrownBy(() => parse({ vni: 42, ...keys }));
      expect(error).toMatchObject({ code: 7 });
      expect(error?.message).toContain(says);
      expect(error?.message).not.toContain("\n");
    });

  test("DEL and GC read past all of these", () => {
    for (const [keys] of refused) expect(() => parse({ vni: 42, ...keys }, true)).not.toThrow();
    expect(parse({}, true)).toMatchObject({ vni: 0, peers: [] });
    expect(parse({ vni: 7, bridge: "a/b" }, true).bridge).toBe("br-ov7");
  });
});

function thrownBy(work: () => unknown): CniError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof CniError) return error;
    throw error;
  }
}
