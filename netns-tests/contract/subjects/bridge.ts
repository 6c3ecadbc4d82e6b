import { expect } from "bun:test";
import type { JsonObject } from "../../../src/cni/types.ts";
import { reaches, serveAll } from "../../support/traffic.ts";
import {
  address,
  bridgeLink,
  bridgeName,
  defaultRoute,
  flush,
  forwarding,
  gateway,
  lease,
  nftElements,
  nftRule,
  portFlag,
  vethPair,
} from "../makes.ts";
import type { Attached } from "../network.ts";
import type { Family, Made, NetworkPlace, Subject } from "../subject.ts";
import {
  containerLink,
  expectConfigured,
  expectGateway,
  expectMasqueraded,
  expectNoTalk,
  expectTalk,
  gateway4,
  gateway6,
  hostEnd,
  linkOf,
  makeUplink,
  subnet4,
  subnet6,
  talkOnLayer2,
} from "../witness.ts";

/** What routes for all: forwarding, and the empty shared parts of our table. */
export const SHARED_STAYS: readonly RegExp[] = [
  /^~ sysctl ipv4\/ip_forward 0 → 1$/,
  /^~ sysctl ipv[46]\/conf\/[^/]+\/forwarding 0 → 1$/,
  /^\+ nft (table|chain|map|set|rule) (inet|bridge) tsnet\b/,
];

/** plugins/bridge/README.md: the bridge with its gateway, and what is shared. */
export const BRIDGE_STAYS: readonly RegExp[] = [
  ...SHARED_STAYS,
  /^\+ link br\d /,
  /^\+ addr br\d /,
  /^\+ route \{"dst":"(10\.88\.\d+\.0\/24|fd88:[0-9a-f:]*\/64)","dev":"br\d"/,
  /^\+ route .*"dev":"br\d","table":"local"/,
  /^\+ sysctl \S+\/br\d\//,
  /^\+ sysctl \S+\/conf\/br\d\//,
];

/** Leases of every family asked for. */
export const hostLocal = (at: NetworkPlace, families: readonly Family[], routes: boolean): JsonObject => ({
  type: "host-local",
  dataDir: at.dataDir,
  ranges: families.map((family) => [{ subnet: family === 4 ? subnet4(at.index) : subnet6(at.index) }]),
  ...(routes && { routes: families.map((family) => ({ dst: family === 4 ? "0.0.0.0/0" : "::/0" })) }),
});

export const reset = ({ index, dataDir }: NetworkPlace): string => `
  ip link del ${bridgeName(index)} 2>/dev/null
  nft delete table inet tsnet 2>/dev/null
  nft delete table bridge tsnet 2>/dev/null
  sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
  rm -rf ${dataDir}
  true`;

export const of4 = (families: readonly Family[], make: (family: Family) => Made): Made[] => families.map(make);

interface Variant {
  readonly name: string;
  readonly families: readonly Family[];
  readonly keys?: JsonObject;
  /** Host-local with default routes when the keys ask for a gateway; null is layer 2. */
  readonly ipam?: ((at: NetworkPlace) => JsonObject) | null;
  readonly variant?: true;
  readonly makes?: readonly Made[];
  readonly more?: Partial<Subject>;
  works(one: Attached, two: Attached): Promise<void>;
}

/** Without duplicate-address detection on the bridge the gateway answers at once; that of later ones is the plugin's affair. */
function bridge({ name, families, keys = {}, ipam, variant, makes = [], more, works }: Variant): Subject {
  const routes = keys["isGateway"] === true;
  return {
    name: `bridge ${name}`,
    type: "bridge",
    families,
    plugins: (at) => {
      const lease = ipam === null ? undefined : ipam ? ipam(at) : hostLocal(at, families, routes);
      return [{ type: "bridge", bridge: bridgeName(at.index), ...keys, ...(lease && { ipam: lease }) }];
    },
    ...(variant && { variant }),
    stays: BRIDGE_STAYS,
    reset,
    makes: variant ? makes : [...vethPair, ...bridgeLink, ...makes],
    tolerates: [/sysctl\.(get|set) .*(accept_ra|arp_notify|ndisc_notify|accept_dad)/],
    works,
    ...more,
  };
}

const layer3 = (families: readonly Family[]): Made[] => [
  ...of4(families, address),
  ...of4(families, gateway),
  ...of4(families, forwarding),
  ...of4(families, defaultRoute),
  ...of4(families, lease),
];

async function worksWithGateway(one: Attached, two: Attached): Promise<void> {
  for (const each of [one, two]) await expectConfigured(each);
  await expectTalk(one, two);
  await expectGateway(one);
}

const gateways: readonly { name: string; families: readonly Family[] }[] = [
  { name: "v4", families: [4] },
  { name: "v6", families: [6] },
  { name: "v4 and v6", families: [4, 6] },
];

const withMac = (name: string, mac: string, how: Pick<Subject, "args"> | { keys: JsonObject } | { capability: true }) =>
  bridge({
    name: `with the hardware address from ${name}`,
    families: [4],
    variant: true,
    keys: {
      isGateway: true,
      ...("keys" in how ? how.keys : {}),
      ...("capability" in how ? { capabilities: { mac: true } } : {}),
    },
    makes: layer3([4]),
    more: {
      ...("args" in how && how.args !== undefined ? { args: how.args } : {}),
      ...("capability" in how ? { runtimeConfig: () => ({ mac }) } : {}),
    },
    async works(one, two) {
      // Two of one address on a bridge confuse it: that is not what is looked at here.
      const { host } = two.network.bench;
      await host.exec("ip", "link", "set", hostEnd(two), "down");
      expect((await containerLink(one)).address).toBe(mac.toLowerCase());
      await expectConfigured(one);
      await expectGateway(one);
      await host.exec("ip", "link", "set", hostEnd(two), "up");
    },
  });

/** The bridge plugin in its variants. */
export const bridges: readonly Subject[] = [
  bridge({
    name: "on layer 2",
    families: [],
    ipam: null,
    works: talkOnLayer2,
    more: { unshowable: ["0.1.0", "0.2.0"] },
  }),
  ...gateways.map(({ name, families }) =>
    bridge({
      name: `with a gateway, ${name}`,
      families,
      keys: { isGateway: true },
      makes: layer3(families),
      works: worksWithGateway,
    }),
  ),
  bridge({
    name: "with a default gateway and masquerading, v4 and v6",
    families: [4, 6],
    keys: { isDefaultGateway: true, ipMasq: true },
    makes: [
      ...layer3([4, 6]),
      nftElements(/^masq4$/, (a) => new RegExp(a.addresses[0]?.replaceAll(".", "\\.") ?? "")),
      nftElements(/^masq6$/, (a) => new RegExp(a.addresses[1] ?? "")),
      nftRule(/^masq-postrouting$/, /masq-postrouting/),
      nftRule(/^net-[0-9a-f]{16}$/, /net-[0-9a-f]{16}/),
      flush(/nft|tsnet|masq/),
    ],
    more: {
      prepare: async (network) => {
        await makeUplink(network);
      },
    },
    async works(one, two) {
      await worksWithGateway(one, two);
      await expectMasqueraded(one);
    },
  }),
  bridge({
    name: "with static addresses",
    families: [4, 6],
    variant: true,
    keys: { isGateway: true },
    ipam: ({ index }) => ({
      type: "static",
      addresses: [
        { address: `10.88.${index}.77/24`, gateway: gateway4(index) },
        { address: subnet6(index).replace("::/64", "::77/64"), gateway: gateway6(index) },
      ],
      routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
    }),
    makes: layer3([4, 6]).filter(({ name }) => !name.endsWith("lease")),
    async works(one) {
      await expectConfigured(one);
      await expectGateway(one);
    },
  }),
  bridge({
    name: "in hairpin mode",
    families: [4],
    variant: true,
    keys: { isGateway: true, hairpinMode: true },
    makes: [portFlag("hairpin")],
    async works(one, two) {
      await worksWithGateway(one, two);
      const link = await linkOf(one.network.bench.host, hostEnd(one));
      expect(link.linkinfo?.info_slave_data).toMatchObject({ hairpin: true });
    },
  }),
  bridge({
    name: "with isolated ports",
    families: [4, 6],
    variant: true,
    keys: { isGateway: true, portIsolation: true },
    makes: [portFlag("isolated")],
    async works(one, two) {
      for (const each of [one, two]) {
        await expectConfigured(each);
        await expectGateway(each);
      }
      await expectNoTalk(one, two);
    },
  }),
  bridge({
    name: "with checked source addresses",
    families: [4, 6],
    keys: { isGateway: true, macspoofchk: true },
    makes: [
      nftElements(/^guarded$/, (a) => new RegExp(hostEnd(a))),
      nftElements(/^allowed$/, (a) => new RegExp(hostEnd(a))),
      nftRule(/^spoof-prerouting$/, /spoof-prerouting/),
    ],
    async works(one, two) {
      await worksWithGateway(one, two);
      const { address: own } = await containerLink(one);
      await using _server = await serveAll(two.sandbox, 7003);
      const others = (): Promise<boolean[]> =>
        Promise.all(two.addresses.map((to) => reaches(one.sandbox, "tcp", to, 7003)));
      await one.sandbox.exec("ip", "link", "set", "eth0", "address", "02:00:00:00:00:99");
      expect(await others()).toEqual([false, false]);
      await one.sandbox.exec("ip", "link", "set", "eth0", "address", own);
      expect(await others()).toEqual([true, true]);
    },
  }),
  bridge({
    name: "with an MTU",
    families: [4],
    variant: true,
    keys: { isGateway: true, mtu: 1400 },
    makes: layer3([4]),
    async works(one, two) {
      await worksWithGateway(one, two);
      const { host } = one.network.bench;
      const links = [
        await containerLink(one),
        await linkOf(host, hostEnd(one)),
        await linkOf(host, bridgeName(one.network.place.index)),
      ];
      expect(links.map(({ mtu }) => mtu)).toEqual([1400, 1400, 1400]);
    },
  }),
  bridge({
    name: "in promiscuous mode",
    families: [4],
    variant: true,
    keys: { isGateway: true, promiscMode: true },
    makes: [
      {
        name: "the bridge's promiscuous mode",
        remove: (a) =>
          a.network.bench.host.exec("ip", "link", "set", bridgeName(a.network.place.index), "promisc", "off"),
        named: /promiscuous/,
      },
    ],
    async works(one, two) {
      await worksWithGateway(one, two);
      expect((await linkOf(one.network.bench.host, bridgeName(one.network.place.index))).promiscuity).toBe(1);
    },
  }),
  bridge({
    name: "with duplicate-address detection",
    families: [6],
    variant: true,
    keys: { isGateway: true, enabledad: true },
    makes: layer3([6]),
    works: worksWithGateway,
  }),
  bridge({
    name: "with the container's interface left down",
    families: [],
    ipam: null,
    variant: true,
    keys: { disableContainerInterface: true },
    makes: vethPair.filter(({ name }) => name !== "the container's link being up"),
    async works(one) {
      expect((await containerLink(one)).flags).not.toContain("UP");
    },
  }),
  withMac("CNI_ARGS", "02:00:00:00:00:21", { args: "IgnoreUnknown=1;MAC=02:00:00:00:00:21" }),
  withMac("args.cni", "02:00:00:00:00:22", { keys: { args: { cni: { mac: "02:00:00:00:00:22" } } } }),
  withMac("the capability", "02:00:00:00:00:23", { capability: true }),
];
