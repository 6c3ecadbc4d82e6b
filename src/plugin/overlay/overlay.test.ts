import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { type Cidr, formatCidr, type Ip, parseCidr, parseIp } from "../../ip/index.ts";
import { choosePeers, ownEntry } from "./choose-peers.ts";
import { gatewaysOf, innerAddresses } from "./device-difference.ts";
import { isHalfMade, overlayMark, overlayNetwork, overlayOf } from "./mark.ts";
import { overlap, type Peer } from "./peer.ts";
import { Ranges } from "./ranges.ts";
import { parseSubnetEnv } from "./subnet-env.ts";
import { overlayMtu, type Underlay } from "./underlay.ts";
import { vtepMac } from "./vtep.ts";

const ip = (text: string): Ip => parseIp(text) as Ip;
const cidr = (text: string): Cidr => parseCidr(text) as Cidr;

describe("the VTEP's MAC address", () => {
  test("is 02: and 40 bits of SHA-256 of `<address> <VNI>`", () => {
    for (const [address, vni] of [
      ["192.0.2.1", 42],
      ["2001:db8::1", 16777215],
    ] as const) {
      const hex = createHash("sha256").update(`${address} ${vni}`).digest("hex");
      expect(vtepMac(ip(address), vni)).toBe(`02:${hex.slice(0, 10).replaceAll(/..(?=.)/g, "$&:")}`);
    }
  });
  test("is one for each spelling of an address, and differs by VNI", () => {
    expect(vtepMac(ip("2001:DB8:0:0::1"), 42)).toBe(vtepMac(ip("2001:db8::1"), 42));
    expect(vtepMac(ip("192.0.2.1"), 42)).not.toBe(vtepMac(ip("192.0.2.1"), 43));
  });
});

test("a device says whose it is, and one without a mark is known by its own settings", () => {
  const alias = overlayMark("blue");
  expect(overlayNetwork({ alias })).toBe("blue");
  expect(overlayOf({ alias })).toMatch(/^[0-9a-f]{16}$/);
  expect(overlayOf({ alias: overlayMark("blue-2") })).not.toBe(overlayOf({ alias }));
  expect(overlayOf({ alias: "tsnet1 overlay" })).toBeUndefined();
  const info = { kind: "vxlan", data: { vni: 42, local: "192.0.2.1" } };
  const half = { name: "ov42", mac: vtepMac(ip("192.0.2.1"), 42), info } as never as Parameters<typeof isHalfMade>[0];
  expect(isHalfMade(half, 42)).toBe(true);
  expect(isHalfMade(half, 43)).toBe(false);
  expect(isHalfMade({ ...half, alias: "mine" }, 42)).toBe(false);
  expect(isHalfMade({ ...half, mac: "02:00:00:00:00:01" }, 42)).toBe(false);
  expect(isHalfMade({ ...half, name: "vx0" }, 42)).toBe(false);
});

describe("flannel's subnet.env", () => {
  test("both families and the MTU", () => {
    const text = [
      "FLANNEL_NETWORK=10.244.0.0/16",
      "FLANNEL_SUBNET=10.244.1.1/24",
      "FLANNEL_IPV6_NETWORK=fd00:244::/48",
      'FLANNEL_IPV6_SUBNET="fd00:244:0:1::1/64"',
      "FLANNEL_MTU=1450",
      "FLANNEL_IPMASQ=true",
      "",
    ].join("\n");
    const { subnets, mtu } = parseSubnetEnv(text, "/x");
    expect([subnets.map(formatCidr), mtu]).toEqual([["10.244.1.0/24", "fd00:244:0:1::/64"], 1450]);
  });
  test("one of them, no MTU, DOS line ends", () => {
    expect(parseSubnetEnv("FLANNEL_IPV6_SUBNET=fd00::1/64\r\n", "/x").mtu).toBeUndefined();
    expect(parseSubnetEnv("export FLANNEL_SUBNET='10.1.0.1/24'", "/x").subnets.map(formatCidr)).toEqual([
      "10.1.0.0/24",
    ]);
  });
  const refused: [string, string][] = [
    ["", "neither FLANNEL_SUBNET nor FLANNEL_IPV6_SUBNET"],
    ["FLANNEL_SUBNET=", "neither"],
    ["FLANNEL_SUBNET=10.244.1.1", "is no IPv4 prefix"],
    ["FLANNEL_SUBNET=fd00::1/64", "is no IPv4 prefix"],
    ["FLANNEL_IPV6_SUBNET=10.244.1.1/24", "is no IPv6 prefix"],
    ["FLANNEL_SUBNET=0.0.0.0/0", "every address there is"],
    ["FLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=big", "FLANNEL_MTU"],
    ["FLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=-1450", "FLANNEL_MTU"],
    ["\0\u00ff", "neither"],
  ];
  for (const [text, says] of refused)
    test(`refused: ${JSON.stringify(text)}`, () => expect(() => parseSubnetEnv(text, "/x")).toThrow(says));
});

describe("what fits", () => {
  const underlay = (mtu: number, local: string): Underlay =>
    ({ link: { name: "eth0", mtu }, local: ip(local), addresses: [] }) as never;
  test("50 less over IPv4, 70 less over IPv6, or what is wanted", () => {
    expect(overlayMtu(underlay(1500, "192.0.2.1"), 0, "mtu", true)).toBe(1450);
    expect(overlayMtu(underlay(1500, "2001:db8::1"), 0, "mtu", true)).toBe(1430);
    expect(overlayMtu(underlay(9000, "192.0.2.1"), 1450, "mtu", true)).toBe(1450);
  });
  test("more is an error that names the largest", () => {
    expect(() => overlayMtu(underlay(1500, "192.0.2.1"), 1451, 'key "mtu":', false)).toThrow(
      'key "mtu": 1451 cannot fit: the largest is 1450',
    );
    expect(() => overlayMtu(underlay(1500, "2001:db8::1"), 1450, "x", false)).toThrow("the largest is 1430");
  });
  test("less than the family's least is an error too", () => {
    expect(() => overlayMtu(underlay(1300, "192.0.2.1"), 0, "mtu", true)).toThrow("IPv6 needs 1280");
    expect(overlayMtu(underlay(1300, "192.0.2.1"), 0, "mtu", false)).toBe(1250);
  });
});

test("a host is known inside by the first address of its first subnet of each family", () => {
  const subnets = ["fd00:1::/64", "10.1.0.0/24", "10.2.0.0/24"].map(cidr);
  expect(innerAddresses(subnets)).toEqual(["10.1.0.0/32", "fd00:1::/128"]);
  expect(gatewaysOf([cidr("10.1.0.0/24")]).length).toBe(1);
});

test("ranges find what overlaps, as comparing with each does", () => {
  // Random prefixes; the plain way is the witness.
  for (let round = 0; round < 200; round++) {
    const ranges = new Ranges<string>();
    const added: Cidr[] = [];
    for (let i = 0; i < 12; i++) {
      const length = 1 + Math.floor(Math.random() * 31);
      const prefix = cidr(
        Math.random() < 0.5
          ? `${[0, 0, 0, 0].map(() => Math.floor(Math.random() * 256)).join(".")}/${length}`
          : `${(Math.floor(Math.random() * 65536)).toString(16)}:${(i * 4096).toString(16)}::/${length}`,
      );
      const plain = added.filter((other) => overlap(other, prefix));
      const found = ranges.find(prefix);
      expect(found === undefined).toBe(plain.length === 0);
      if (found !== undefined) expect(plain.map(formatCidr)).toContain(found);
      if (plain.length > 0) continue;
      ranges.add(prefix, formatCidr(prefix));
      added.push(prefix);
    }
  }
});

describe("who is another host", () => {
  const peer = (address: string, subnets: string[], mac?: string): Peer => ({
    address: ip(address),
    subnets: subnets.map(cidr),
    mac,
    mtu: undefined,
    from: address,
  });
  const host = {
    local: ip("192.0.2.1"),
    mac: "02:00:00:00:00:01",
    subnets: [cidr("10.1.0.0/24")],
    vni: 42,
    prefixes: [cidr("192.0.2.0/24")],
    taken: new Map([["192.0.2.101", "this host"]]),
  };
  const good = peer("192.0.2.2", ["10.2.0.0/24"]);

  test("this host's own entry is none, and may be among them", () => {
    const own = peer("192.0.2.1", ["10.1.0.0/24"]);
    expect(ownEntry([good, own], host.local)).toBe(own);
    expect(choosePeers([own, good], host)).toEqual({
      remotes: [{ ...good, mac: vtepMac(good.address, 42) }],
      problems: [],
    });
  });

  const rows: [string, Peer, RegExp][] = [
    ["another family", peer("2001:db8::2", ["10.3.0.0/24"]), /another family/],
    ["an address twice", peer("192.0.2.2", ["10.3.0.0/24"]), /address 192\.0\.2\.2 is taken by 192\.0\.2\.2/],
    ["this host's address twice", peer("192.0.2.1", ["10.3.0.0/24"]), /taken by this host/],
    ["this host's MAC", peer("192.0.2.3", ["10.3.0.0/24"], "02:00:00:00:00:01"), /MAC address .* taken by this host/],
    [
      "another's MAC",
      peer("192.0.2.3", ["10.3.0.0/24"], vtepMac(ip("192.0.2.2"), 42)),
      /MAC address .* taken by 192\.0\.2\.2/,
    ],
    ["this host's subnet", peer("192.0.2.3", ["10.3.0.0/24", "10.1.0.0/25"]), /overlaps 10\.1\.0\.0\/24 of this host/],
    ["another's subnet", peer("192.0.2.3", ["10.0.0.0/8"]), /overlaps/],
    ["another address of this host", peer("192.0.2.101", ["10.3.0.0/24"]), /192\.0\.2\.101 is taken by this host/],
    ["a VTEP among another's containers", peer("10.2.0.5", ["10.3.0.0/24"]), /is in 10\.2\.0\.0\/24 of 192\.0\.2\.2/],
    ["a VTEP among its own containers", peer("198.51.100.3", ["198.51.100.0/24"]), /own address 198\.51\.100\.3 in it/],
    ["a VTEP in the subnet", peer("192.0.2.3", ["192.0.2.0/28"]), /has the underlay address 192\.0\.2\.[123] in it/],
  ];
  for (const [name, bad, says] of rows)
    test(`${name} is a problem, and the others count`, () => {
      const own = peer("192.0.2.1", ["10.1.0.0/24"]);
      const { remotes, problems } = choosePeers([own, good, bad, peer("192.0.2.9", ["10.9.0.0/24"])], host);
      expect(remotes.map(({ from }) => from)).toEqual(["192.0.2.2", "192.0.2.9"]);
      expect(problems).toEqual([{ from: bad.from, message: expect.stringMatching(says) }]);
    });

  test("who is on the underlay's link is not lost to one who claimed its prefix earlier", () => {
    const thief = peer("198.51.100.3", ["192.0.2.0/28"]);
    const { remotes, problems } = choosePeers([thief, good], host);
    expect(remotes.map(({ from }) => from)).toEqual(["192.0.2.2"]);
    expect(problems.map(({ from }) => from)).toEqual([thief.from]);
  });

  test("5000 hosts are sorted out in well under a second", () => {
    const many = Array.from({ length: 5000 }, (_, i) =>
      peer(`192.0.${2 + (i >> 8)}.${i & 255}`, [`10.${i >> 8}.${i & 255}.0/24`]),
    );
    const start = performance.now();
    const { remotes } = choosePeers(many, {
      ...host,
      taken: new Map(),
      local: ip("198.51.100.1"),
      subnets: [cidr("172.16.0.0/24")],
    });
    expect(remotes.length).toBe(5000);
    expect(performance.now() - start).toBeLessThan(1500);
  });
});
