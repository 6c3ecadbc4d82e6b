import { expect } from "bun:test";
import { CNI_VERSIONS, type JsonObject } from "../../../src/cni/types.ts";
import type { Place } from "../../support/place.ts";
import { bridgeName } from "../makes.ts";
import type { Attached } from "../network.ts";
import type { Made, Subject } from "../subject.ts";
import { expectGateway, expectTalk, hostEnd } from "../witness.ts";
import { BRIDGE_STAYS, hostLocal, reset } from "./bridge.ts";

/** 80 and 40 Mbit/s: fast enough not to be felt by the other looks of the suite. */
const LIMITS = { ingressRate: 80_000_000, ingressBurst: 8_000_000, egressRate: 40_000_000, egressBurst: 4_000_000 };

/** The IFB as the result lists it. */
export function ifbOf({ result }: Attached): string {
  const found = result.interfaces?.find(({ name }) => /^bwp[0-9a-f]{12}$/.test(name));
  if (found === undefined) throw new Error(`no IFB in ${JSON.stringify(result)}`);
  return found.name;
}

interface SeenQdisc {
  readonly kind: string;
  readonly handle: string;
  readonly root?: true;
  readonly parent?: string;
  readonly options: { rate?: number; burst?: number; lat?: number; default?: string };
}

/** What `tc -j qdisc show` says of a link, default ones left out. */
export const qdiscsOf = async (place: Place, link: string): Promise<SeenQdisc[]> =>
  (JSON.parse(await place.exec("tc", "-j", "qdisc", "show", "dev", link)) as SeenQdisc[]).filter(
    ({ handle }) => handle !== "0:",
  );

const onHost = (name: string, named: RegExp, command: (attached: Attached) => string): Made => ({
  name,
  remove: (a) => a.network.bench.host.exec("sh", "-c", command(a)),
  named,
});

const bucket = "tbf rate 1mbit burst 32k latency 25ms";

const makes: readonly Made[] = [
  onHost("the limit on the port", /"veth.*" has no token bucket/, (a) => `tc qdisc del dev ${hostEnd(a)} root`),
  onHost(
    "the rate of the port",
    /"veth.*" is limited to 1000000 bits per second, not 80000000/,
    (a) => `tc qdisc replace dev ${hostEnd(a)} root handle 1: ${bucket}`,
  ),
  onHost(
    "the burst of the port",
    /"veth.*" has a token bucket of another size than 8000000 bits/,
    (a) => `tc qdisc replace dev ${hostEnd(a)} root handle 1: tbf rate 80mbit burst 950k limit 1250000`,
  ),
  onHost("the IFB", /IFB "bwp.*" of "veth.*" is missing/, (a) => `ip link del ${ifbOf(a)}`),
  onHost("the IFB being up", /IFB "bwp.*" is down/, (a) => `ip link set ${ifbOf(a)} down`),
  onHost("the limit on the IFB", /"bwp.*" has no token bucket/, (a) => `tc qdisc del dev ${ifbOf(a)} root`),
  onHost(
    "the limit on the IFB as it was",
    /"bwp.*" has no token bucket, but qdisc pfifo/,
    (a) => `tc qdisc replace dev ${ifbOf(a)} root handle 5: pfifo`,
  ),
  onHost(
    "the redirection",
    /what arrives at "veth.*" is not redirected to IFB "bwp/,
    (a) => `tc qdisc del dev ${hostEnd(a)} ingress`,
  ),
  onHost(
    "the redirection's filter",
    /what arrives at "veth.*" is not redirected to IFB "bwp/,
    (a) => `tc filter del dev ${hostEnd(a)} parent ffff:`,
  ),
];

const bandwidth = (name: string, keys: JsonObject, more: Partial<Subject> = {}): Subject => ({
  name: `bandwidth behind bridge, ${name}`,
  type: "bandwidth",
  families: [4, 6],
  versions: CNI_VERSIONS.filter((version) => version >= "0.3.0"),
  plugins: (at) => [
    { type: "bridge", bridge: bridgeName(at.index), isGateway: true, ipam: hostLocal(at, [4, 6], true) },
    { type: "bandwidth", ...keys },
  ],
  stays: BRIDGE_STAYS,
  reset,
  makes,
  async works(one, two) {
    const { host } = one.network.bench;
    for (const each of [one, two]) {
      expect(await qdiscsOf(host, hostEnd(each))).toMatchObject([
        { kind: "tbf", handle: "1:", root: true, options: { rate: 10_000_000, lat: 25_000 } },
        { kind: "ingress", handle: "ffff:" },
      ]);
      expect(await qdiscsOf(host, ifbOf(each))).toMatchObject([
        { kind: "tbf", handle: "1:", root: true, options: { rate: 5_000_000, lat: 25_000 } },
      ]);
    }
    await expectTalk(one, two);
    await expectGateway(one);
  },
  ...more,
});

const TREE = "tc filter del dev";

export const bandwidths: readonly Subject[] = [
  bandwidth("v4 and v6", LIMITS),
  bandwidth(
    "from the runtime",
    { capabilities: { bandwidth: true } },
    { variant: true, makes: [], runtimeConfig: () => ({ bandwidth: LIMITS }) },
  ),
  bandwidth(
    "without some subnets",
    { ...LIMITS, unshapedSubnets: ["10.99.0.0/16", "fd99::/64"] },
    {
      variant: true,
      makes: [
        onHost(
          "the filters",
          /"veth.*" does not tell subnet 10\.99\.0\.0\/16 apart/,
          (a) => `${TREE} ${hostEnd(a)} parent 1:`,
        ),
        onHost(
          "the filters of a family",
          /"bwp.*" does not tell subnet fd99::\/64 apart/,
          (a) => `${TREE} ${ifbOf(a)} parent 1: prio 6 protocol ipv6`,
        ),
        onHost("the tree", /"veth.*" has no root qdisc htb/, (a) => `tc qdisc del dev ${hostEnd(a)} root`),
        onHost(
          "the bucket in the tree",
          /"bwp.*" has no token bucket/,
          (a) => `tc qdisc del dev ${ifbOf(a)} parent 1:30`,
        ),
      ],
      async works(one, two) {
        const { host } = one.network.bench;
        for (const link of [hostEnd(one), ifbOf(one)])
          expect(await qdiscsOf(host, link)).toMatchObject([
            { kind: "htb", handle: "1:", root: true, options: { default: "0x30" } },
            { kind: "tbf", handle: "2:", parent: "1:30" },
            ...(link === hostEnd(one) ? [{ kind: "ingress" }] : []),
          ]);
        await expectTalk(one, two);
        await expectGateway(one);
      },
    },
  ),
];
