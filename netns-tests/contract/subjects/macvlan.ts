import { expect } from "bun:test";
import type { JsonObject } from "../../../src/cni/types.ts";
import { connect } from "../../support/netns.ts";
import type { Place } from "../../support/place.ts";
import { ping, serveAll, tcpEcho } from "../../support/traffic.ts";
import { address, containerSide, defaultRoute, lease } from "../makes.ts";
import type { Attached, Network } from "../network.ts";
import type { Family, Made, NetworkPlace, Subject } from "../subject.ts";
import { containerLink, expectConfigured, expectTalk, gateway4, gateway6, talkOnLayer2 } from "../witness.ts";
import { hostLocal } from "./bridge.ts";

/** The host's interface that containers share; all networks of a bench are on it. */
export const PARENT = "nic0";

const routers = new WeakMap<object, Place>();

/** A neighbour on the parent's segment, which is the gateway of all networks. Made once for a bench. */
export async function makeSegment({ bench }: Pick<Network, "bench">): Promise<Place> {
  const known = routers.get(bench);
  if (known) return known;
  const router = await bench.sandbox();
  const gateways = [1, 2, 3].flatMap((index) => [`${gateway4(index)}/24`, `${gateway6(index)}/64`]);
  await connect(bench.host, PARENT, [], router, "eth0", gateways);
  routers.set(bench, router);
  return router;
}

const reset = ({ dataDir }: NetworkPlace): string => `rm -rf ${dataDir}`;

const parent: readonly Made[] = [
  {
    name: "the master",
    remove: (a) => a.network.bench.host.exec("ip", "link", "del", PARENT),
    named: /master "nic0" is missing/,
  },
  {
    name: "the link's place on the master",
    // Another interface has taken the name.
    remove: (a) =>
      a.network.bench.host.exec(
        "sh",
        "-c",
        `ip link set ${PARENT} name old && ip link add ${PARENT} type veth peer name other`,
      ),
    named: /another interface than master "nic0"/,
  },
  {
    name: "the mode",
    remove: (a) => a.sandbox.exec("ip", "link", "set", "eth0", "type", "macvlan", "mode", "private"),
    named: /in mode "private", not "bridge"/,
  },
];

async function works(one: Attached, two: Attached): Promise<void> {
  for (const each of [one, two]) {
    await expectConfigured(each);
    expect((await containerLink(each)).linkinfo).toMatchObject({ info_kind: "macvlan", info_data: { mode: "bridge" } });
  }
  await expectTalk(one, two);
  const router = await makeSegment(one.network);
  await using _server = await serveAll(one.sandbox, 7001);
  const { index } = one.network.place;
  for (const own of one.addresses) {
    const gateway = own.includes(":") ? gateway6(index) : gateway4(index);
    expect(await ping(one.sandbox, gateway)).toBe(true);
    expect(await tcpEcho(router, own, 7001)).toMatchObject({ address: gateway });
  }
}

interface Variant {
  readonly name: string;
  readonly families: readonly Family[];
  readonly keys?: JsonObject;
  readonly makes?: readonly Made[];
  readonly more?: Partial<Subject>;
  works?(one: Attached, two: Attached): Promise<void>;
}

const everything = (families: readonly Family[]): Made[] => [
  ...containerSide,
  ...parent,
  ...families.flatMap((family) => [address(family), lease(family), defaultRoute(family)]),
];

function macvlan({ name, families, keys = {}, makes = everything(families), more, ...rest }: Variant): Subject {
  return {
    name: `macvlan ${name}`,
    type: "macvlan",
    families,
    plugins: (at) => [
      {
        type: "macvlan",
        master: PARENT,
        ...keys,
        ...(families.length > 0 && { ipam: hostLocal(at, families, true) }),
      },
    ],
    stays: [],
    reset,
    makes,
    tolerates: [/sysctl\.(get|set) .*(arp_notify|ndisc_notify|accept_dad)/],
    prepare: async (network) => {
      await makeSegment(network);
    },
    works: rest.works ?? works,
    ...more,
  };
}

/** The macvlan plugin in its variants; what its modes let pass is in netns-tests/macvlan. */
export const macvlans: readonly Subject[] = [
  macvlan({
    name: "on layer 2",
    families: [],
    works: talkOnLayer2,
    more: { unshowable: ["0.1.0", "0.2.0"] },
  }),
  macvlan({ name: "v4", families: [4] }),
  macvlan({ name: "v6", families: [6] }),
  macvlan({ name: "v4 and v6", families: [4, 6] }),
  macvlan({
    name: "with an MTU and a queue length",
    families: [4],
    keys: { mtu: 1400, bcqueuelen: 500 },
    makes: [
      {
        name: "the queue length",
        remove: (a) => a.sandbox.exec("ip", "link", "set", "eth0", "type", "macvlan", "bcqueuelen", "400"),
        named: /bcqueuelen 400, not 500/,
      },
    ],
    more: { variant: true },
    async works(one, two) {
      await works(one, two);
      const link = await containerLink(one);
      expect(link).toMatchObject({ mtu: 1400, linkinfo: { info_data: { bcqueuelen: 500 } } });
      expect(one.result.interfaces?.[0]?.mtu).toBe(1400);
    },
  }),
  macvlan({
    name: "with duplicate-address detection",
    families: [6],
    keys: { enabledad: true },
    makes: [],
    more: { variant: true },
  }),
];
