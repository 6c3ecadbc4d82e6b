import { expect } from "bun:test";
import type { JsonObject } from "../../../src/cni/types.ts";
import { bridgeName } from "../makes.ts";
import type { Attached } from "../network.ts";
import type { Made, Subject } from "../subject.ts";
import { containerLink, expectConfigured, expectGateway, expectTalk, ifNameOf } from "../witness.ts";
import { BRIDGE_STAYS, hostLocal, reset } from "./bridge.ts";

const KEYS = {
  sysctl: {
    "net.ipv4.conf.IFNAME.arp_filter": "1",
    "net/ipv6/conf/IFNAME/hop_limit": "77",
    "net.ipv4.ip_local_port_range": "20000 30000",
  },
  mtu: 1400,
  promisc: true,
  allmulti: true,
  txQLen: 555,
} as const;

const inside = (name: string, named: RegExp, ...command: [string, ...string[]]): Made => ({
  name,
  remove: (a) => a.sandbox.exec(...(command.map((word) => (word === "IFNAME" ? ifNameOf(a) : word)) as typeof command)),
  named,
});

const link = (name: string, named: RegExp, ...change: string[]): Made =>
  inside(name, named, "ip", "link", "set", "IFNAME", ...change);
const sysctl = (key: string, value: string, named: RegExp): Made =>
  inside(`sysctl ${key}`, named, "sysctl", "-qw", `net/${key}=${value}`);

const makes: readonly Made[] = [
  sysctl("ipv4/conf/eth0/arp_filter", "0", /sysctl "net\.ipv4\.conf\.IFNAME\.arp_filter" is "0", not "1"/),
  sysctl("ipv6/conf/eth0/hop_limit", "64", /sysctl "net\/ipv6\/conf\/IFNAME\/hop_limit" is "64", not "77"/),
  sysctl("ipv4/ip_local_port_range", "20000 30001", /ip_local_port_range" is "20000\\t30001", not "20000 30000"/),
  link("the MTU", /MTU of "eth0" is 1300, not 1400/, "mtu", "1300"),
  link("promiscuous mode", /promiscuous mode of "eth0" is off, not on/, "promisc", "off"),
  link("all-multicast mode", /all-multicast mode of "eth0" is off, not on/, "allmulticast", "off"),
  link("the queue's length", /transmit queue length of "eth0" is 500, not 555/, "txqueuelen", "500"),
];

const dataDirOf = (dataDir: string): string => `${dataDir}-tuning`;

interface SeenTuned {
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly txqlen: number;
}

async function expectTuned(attached: Attached): Promise<void> {
  const [seen] = JSON.parse(await attached.sandbox.exec("ip", "-j", "link", "show", ifNameOf(attached))) as SeenTuned[];
  expect(seen).toMatchObject({ mtu: 1400, txqlen: 555 });
  expect(seen?.flags).toEqual(expect.arrayContaining(["PROMISC", "ALLMULTI"]));
  const values = await attached.sandbox.exec(
    "sysctl",
    "-n",
    `net/ipv4/conf/${ifNameOf(attached)}/arp_filter`,
    `net/ipv6/conf/${ifNameOf(attached)}/hop_limit`,
    "net/ipv4/ip_local_port_range",
  );
  expect(values.trim().split(/\s+/)).toEqual(["1", "77", "20000", "30000"]);
}

const tuning = (name: string, keys: JsonObject, more: Partial<Subject>): Subject => ({
  name: `tuning behind bridge, ${name}`,
  type: "tuning",
  families: [4, 6],
  plugins: (at) => [
    { type: "bridge", bridge: bridgeName(at.index), isGateway: true, ipam: hostLocal(at, [4, 6], true) },
    { type: "tuning", dataDir: dataDirOf(at.dataDir), ...keys },
  ],
  stays: BRIDGE_STAYS,
  reset: (at) => `${reset(at)}\nrm -rf ${dataDirOf(at.dataDir)}`,
  makes,
  // What only lets the neighbours know of a new address sooner.
  tolerates: [/sysctl\.(get|set) .*(arp_notify|ndisc_notify)/],
  async works(one, two) {
    for (const each of [one, two]) await expectConfigured(each);
    await expectTalk(one, two);
    await expectGateway(one);
  },
  ...more,
});

const withMac = (name: string, mac: string, keys: JsonObject, more: Partial<Subject> = {}): Subject =>
  tuning(`hardware address from ${name}`, keys, {
    variant: true,
    makes: [],
    async works(one, two) {
      // Two of one address on a bridge confuse it: that is not what is looked at here.
      await two.sandbox.exec("ip", "link", "set", "eth0", "address", "02:00:00:00:01:99");
      expect((await containerLink(one)).address).toBe(mac);
      await expectConfigured(one);
      await expectGateway(one);
      await two.sandbox.exec("ip", "link", "set", "eth0", "address", mac);
    },
    ...more,
  });

/** The tuning plugin in its variants. */
export const tunings: readonly Subject[] = [
  tuning("v4 and v6", KEYS, {
    async works(one, two) {
      for (const each of [one, two]) {
        await expectTuned(each);
        await expectConfigured(each);
      }
      await expectTalk(one, two);
      await expectGateway(one);
    },
  }),
  withMac("the config", "02:00:00:00:01:20", { mac: "02-00-00-00-01-20" }),
  withMac(
    "CNI_ARGS",
    "02:00:00:00:01:21",
    { mac: "02:00:00:00:01:20" },
    { args: "IgnoreUnknown=1;MAC=02:00:00:00:01:21" },
  ),
  withMac(
    "the capability",
    "02:00:00:00:01:22",
    { mac: "02:00:00:00:01:20", capabilities: { mac: true } },
    { runtimeConfig: () => ({ mac: "02:00:00:00:01:22" }), args: "IgnoreUnknown=1;MAC=02:00:00:00:01:21" },
  ),
  withMac(
    "args.cni",
    "02:00:00:00:01:23",
    { capabilities: { mac: true }, args: { cni: { mac: "0200.0000.0123" } } },
    { runtimeConfig: () => ({ mac: "02:00:00:00:01:22" }) },
  ),
];
