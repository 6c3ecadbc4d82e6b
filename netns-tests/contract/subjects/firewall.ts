import { expect } from "bun:test";
import { CNI_VERSIONS, type JsonObject } from "../../../src/cni/types.ts";
import { reaches, serveAll } from "../../support/traffic.ts";
import { bridgeName, flush, nftElements, nftRule } from "../makes.ts";
import type { Attached, Network } from "../network.ts";
import type { Family, Made, Subject } from "../subject.ts";
import { expectGateway, expectMasqueraded, expectNoTalk, expectTalk, makeUplink, uplinkOf } from "../witness.ts";
import { BRIDGE_STAYS, hostLocal, reset } from "./bridge.ts";

/** A host whose iptables (nf_tables) drops all that is forwarded, and where an administrator has a chain of his own. */
async function prepareDropping(network: Network): Promise<void> {
  const { host } = network.bench;
  await makeUplink(network);
  for (const tool of ["iptables-nft", "ip6tables-nft"]) {
    await host.exec(tool, "-P", "FORWARD", "DROP");
    await host.exec(tool, "-N", "CNI-ADMIN");
  }
}

/** From outside nobody comes in but with answers; this one knows the way and tries. */
async function expectClosed({ network, sandbox, addresses }: Attached): Promise<void> {
  const { outside, hostAddresses } = uplinkOf(network);
  await using _server = await serveAll(sandbox, 7003);
  for (const address of addresses) {
    const version = address.includes(":") ? "-6" : "-4";
    const via = hostAddresses[version === "-6" ? 1 : 0];
    await outside.exec("ip", version, "route", "replace", address, "via", via);
    expect(await reaches(outside, "tcp", address, 7003)).toBe(false);
  }
}

const makes = (families: readonly Family[]): Made[] => [
  ...families.map((family) =>
    nftElements(
      new RegExp(`^fw${family}-0x1000$`),
      (a) => new RegExp(a.addresses.find((text) => text.includes(":") === (family === 6)) ?? "?"),
    ),
  ),
  nftRule(/^fw-pass-0x1000$/, /fw-pass-0x1000/),
  nftRule(/^FORWARD$/, /"ip6? filter FORWARD" lacks our rule/),
  flush(/nft|tsnet/),
];

interface Variant {
  readonly families: readonly Family[];
  readonly keys?: JsonObject;
  readonly makes?: readonly Made[];
  readonly variant?: true;
  works(one: Attached, two: Attached): Promise<void>;
}

const firewall = (name: string, { families, keys = {}, makes: more = [], variant, works }: Variant): Subject => ({
  name: `firewall behind bridge, ${name}`,
  type: "firewall",
  families,
  versions: CNI_VERSIONS.slice(CNI_VERSIONS.indexOf("0.4.0")),
  plugins: (at) => [
    {
      type: "bridge",
      bridge: bridgeName(at.index),
      isGateway: true,
      ipMasq: true,
      ipam: hostLocal(at, families, true),
    },
    { type: "firewall", ...keys },
  ],
  ...(variant && { variant }),
  stays: BRIDGE_STAYS,
  reset,
  makes: variant ? more : makes(families),
  prepare: prepareDropping,
  async works(one, two) {
    await expectGateway(one);
    await expectMasqueraded(one);
    await expectClosed(one);
    await works(one, two);
  },
});

const both = [4, 6] as const;

export const firewalls: readonly Subject[] = [
  firewall("v4", { families: [4], works: expectTalk }),
  firewall("v6", { families: [6], works: expectTalk }),
  firewall("v4 and v6", { families: both, works: expectTalk }),
  firewall("same-bridge", {
    families: both,
    keys: { ingressPolicy: "same-bridge" },
    variant: true,
    makes: [
      nftElements(/^fw-links$/, /fw-links.*br1/),
      nftElements(/^fw-within$/, /fw-within.*br1/),
      nftRule(/^fw-between$/, /fw-between/),
      nftRule(/^fw-policies$/, /fw-policies/),
    ],
    works: expectTalk,
  }),
  firewall("isolated", {
    families: both,
    keys: { ingressPolicy: "isolated" },
    variant: true,
    makes: [
      nftElements(/^fw-links$/, /fw-links.*br1/),
      nftElements(/^isolated$/, /veth.*isolated/),
      nftRule(/^fw-isolate-0x1000$/, /fw-isolate/),
    ],
    works: expectNoTalk,
  }),
];
