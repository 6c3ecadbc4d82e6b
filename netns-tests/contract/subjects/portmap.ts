import { expect } from "bun:test";
import { ping, serveAll, tcpEcho, udpEcho } from "../../support/traffic.ts";
import { bridgeName, flush, nftElements, nftRule, portFlag } from "../makes.ts";
import type { Attached } from "../network.ts";
import type { Family, Made, Subject } from "../subject.ts";
import { expectTalk, makeUplink, uplinkOf } from "../witness.ts";
import { BRIDGE_STAYS, hostLocal, reset } from "./bridge.ts";

/** Ports of the n-th attachment of a network. */
const tcpPort = (n: number): number => 8080 + n;
const udpPort = (n: number): number => 5300 + n;
const INSIDE = 9000;

/** From outside, from the host itself, from a neighbour and from the container itself to the published ports of the first. */
async function expectPublished(one: Attached, two: Attached): Promise<void> {
  const { bench } = one.network;
  const { outside, hostAddresses, outsideAddresses } = uplinkOf(one.network);
  await using _server = await serveAll(one.sandbox, INSIDE);
  for (const address of one.addresses) {
    const i = address.includes(":") ? 1 : 0;
    const host = hostAddresses[i];
    expect(await tcpEcho(outside, host, tcpPort(0))).toMatchObject({ address: outsideAddresses[i] });
    expect(await udpEcho(outside, host, udpPort(0))).toMatchObject({ address: outsideAddresses[i] });
    for (const from of [bench.host, two.sandbox, one.sandbox]) await tcpEcho(from, host, tcpPort(0));
  }
  if (one.addresses.some((address) => !address.includes(":"))) await tcpEcho(bench.host, "127.0.0.1", tcpPort(0));
}

const makes = (families: readonly Family[]): Made[] => [
  ...families.flatMap((family) => [
    nftElements(new RegExp(`^ports${family}$`), /(tcp|udp) \S+:(8080|5300)/),
    nftElements(new RegExp(`^hairpin${family}$`), /(tcp|udp) \S+:(8080|5300)/),
  ]),
  ...[
    "published",
    "hairpin",
    "ports-raw",
    "ports-prerouting",
    "ports-output",
    "ports-forward",
    "ports-postrouting",
  ].map((chain) => nftRule(new RegExp(`^${chain}$`), new RegExp(chain))),
  flush(/nft|tsnet|port/),
  portFlag("hairpin"),
  ...(families.includes(4)
    ? [
        {
          name: "route_localnet",
          remove: ({ network }: Attached) =>
            network.bench.host.exec(
              "sysctl",
              "-qw",
              `net.ipv4.conf.${bridgeName(network.place.index)}.route_localnet=0`,
            ),
          named: /route_localnet/,
        },
      ]
    : []),
];

const portmap = (name: string, families: readonly Family[]): Subject => ({
  name: `portmap behind bridge, ${name}`,
  type: "portmap",
  families,
  plugins: (at) => [
    { type: "bridge", bridge: bridgeName(at.index), isGateway: true, ipam: hostLocal(at, families, true) },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
  runtimeConfig: (n) => ({
    portMappings: [
      { hostPort: tcpPort(n), containerPort: INSIDE, protocol: "tcp" },
      { hostPort: udpPort(n), containerPort: INSIDE, protocol: "udp" },
    ],
  }),
  // As the reference, it never sets it back: others of the bridge may need it.
  stays: [...BRIDGE_STAYS, /^~ sysctl ipv4\/conf\/br\d\/route_localnet 0 → 1$/],
  reset,
  makes: makes(families),
  prepare: async (network) => {
    await makeUplink(network);
  },
  async works(one, two) {
    const { outside, hostAddresses } = uplinkOf(one.network);
    for (const address of hostAddresses) expect(await ping(outside, address)).toBe(true);
    await expectTalk(one, two);
    await expectPublished(one, two);
  },
});

export const portmaps: readonly Subject[] = [portmap("v4", [4]), portmap("v6", [6]), portmap("v4 and v6", [4, 6])];
