import { expect } from "bun:test";
import type { JsonObject } from "../../../src/cni/types.ts";
import { address, defaultRoute, flush, forwarding, lease, nftElements, nftRule, vethPair } from "../makes.ts";
import type { Attached } from "../network.ts";
import type { Family, Made, NetworkPlace, Subject } from "../subject.ts";
import {
  containerLink,
  expectConfigured,
  expectGateway,
  expectMasqueraded,
  expectTalk,
  gateway4,
  gateway6,
  hostEnd,
  linkOf,
  makeUplink,
  subnet4,
  subnet6,
} from "../witness.ts";
import { hostLocal, SHARED_STAYS } from "./bridge.ts";

const reset = ({ dataDir }: NetworkPlace): string => `
  nft delete table inet tsnet 2>/dev/null
  sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
  rm -rf ${dataDir}
  true`;

const version = (family: Family): string => (family === 4 ? "-4" : "-6");
const gatewayOf = (a: Attached, family: Family): string => (family === 4 ? gateway4 : gateway6)(a.network.place.index);
const subnetOf = (a: Attached, family: Family): string => (family === 4 ? subnet4 : subnet6)(a.network.place.index);
const bits = (family: Family): number => (family === 4 ? 32 : 128);
const ownOf = (a: Attached, family: Family): string =>
  a.addresses.find((each) => each.includes(":") === (family === 6)) ?? "";
const quoted = (text: string): RegExp => new RegExp(text.replaceAll(".", "\\."));

/** The host's side and the container's of one family. */
const routing = (family: Family): Made[] => [
  address(family),
  lease(family),
  forwarding(family),
  defaultRoute(family),
  {
    name: `the gateway's IPv${family} address on the host's end`,
    remove: (a) =>
      a.network.bench.host.exec("ip", "addr", "del", `${gatewayOf(a, family)}/${bits(family)}`, "dev", hostEnd(a)),
    named: (a) => quoted(`gateway address ${gatewayOf(a, family)}/${bits(family)}`),
  },
  {
    name: `the host's IPv${family} route to the container`,
    remove: (a) => a.network.bench.host.exec("ip", version(family), "route", "del", ownOf(a, family)),
    named: (a) => quoted(`route to ${ownOf(a, family)}/${bits(family)}`),
  },
  {
    name: `the container's IPv${family} route to its own prefix`,
    remove: (a) => a.sandbox.exec("ip", version(family), "route", "del", subnetOf(a, family)),
    named: (a) => quoted(`route ${subnetOf(a, family)} via ${gatewayOf(a, family)} is missing`),
  },
];

const everything = (families: readonly Family[]): Made[] => [
  ...vethPair.filter(({ name }) => !name.includes("bridge")),
  ...families.flatMap(routing),
];

async function works(one: Attached, two: Attached): Promise<void> {
  for (const each of [one, two]) {
    await expectConfigured(each);
    await expectGateway(each);
  }
  await expectTalk(one, two);
}

interface Variant {
  readonly name: string;
  readonly families: readonly Family[];
  readonly keys?: JsonObject;
  readonly makes?: readonly Made[];
  readonly more?: Partial<Subject>;
  works?(one: Attached, two: Attached): Promise<void>;
}

function ptp({ name, families, keys = {}, makes = everything(families), more, ...rest }: Variant): Subject {
  return {
    name: `ptp ${name}`,
    type: "ptp",
    families,
    plugins: (at) => [{ type: "ptp", ...keys, ipam: hostLocal(at, families, true) }],
    stays: SHARED_STAYS,
    reset,
    makes,
    tolerates: [/sysctl\.(get|set) .*(accept_ra|arp_notify|ndisc_notify|accept_dad)/],
    works: rest.works ?? works,
    ...more,
  };
}

const masqueraded: readonly Made[] = [
  nftElements(/^masq4$/, (a) => quoted(ownOf(a, 4))),
  nftElements(/^masq6$/, (a) => quoted(ownOf(a, 6))),
  nftRule(/^masq-postrouting$/, /masq-postrouting/),
  nftRule(/^net-[0-9a-f]{16}$/, /net-[0-9a-f]{16}/),
  flush(/nft|tsnet|masq/),
];

/** The ptp plugin in its variants. */
export const ptps: readonly Subject[] = [
  ptp({ name: "v4", families: [4] }),
  ptp({ name: "v6", families: [6] }),
  ptp({
    name: "with masquerading, v4 and v6",
    families: [4, 6],
    keys: { ipMasq: true },
    makes: [...everything([4, 6]), ...masqueraded],
    more: {
      prepare: async (network) => {
        await makeUplink(network);
      },
    },
    async works(one, two) {
      await works(one, two);
      await expectMasqueraded(one);
    },
  }),
  ptp({
    name: "with an MTU",
    families: [4],
    keys: { mtu: 1400 },
    makes: [],
    more: { variant: true },
    async works(one, two) {
      await works(one, two);
      const links = [await containerLink(one), await linkOf(one.network.bench.host, hostEnd(one))];
      expect(links.map(({ mtu }) => mtu)).toEqual([1400, 1400]);
      expect(one.result.interfaces?.map(({ mtu }) => mtu)).toEqual([1400, 1400]);
    },
  }),
];
