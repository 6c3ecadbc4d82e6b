import { about, type FaultId, type Finding } from "../finding.ts";
import { type Attached, nameOf } from "../picture.ts";
import type { Answer } from "./names.ts";
import { type Narrow, SMALL_BYTES } from "./path-mtu.ts";

/** A name server that was asked from a container, and what came of it. */
export interface Asked {
  readonly by: readonly Attached[];
  readonly server: string;
  readonly answer: Answer;
}

/** A way that was found too narrow: of a container, or of an overlay between its hosts. */
export interface Measured {
  readonly by: Attached | { readonly overlay: string };
  readonly way: Narrow;
}

/** What stops a container's packets on their way to a server, or the answers. */
const WAYS: readonly FaultId[] = [
  "host-end-down",
  "container-end-down",
  "bridge-down",
  "parent-down",
  "bridge-missing",
  "link-missing",
  "ipv6-disabled",
  "forwarding-v4",
  "forwarding-v6",
  "address-missing",
  "wrong-prefix",
  "dad-failed",
  "gateway-missing",
  "no-default-route",
  "wrong-gateway",
  "duplicate-address",
  "off-bridge",
  "port-isolated",
  "port-not-forwarding",
  "route-elsewhere",
  "rp-filter",
  "masquerade-missing",
  "rule-drops",
  "policy-drops",
  "vxlan-device",
  "vxlan-fdb",
  "vxlan-neigh",
  "vxlan-route",
  "conntrack-full",
];

const scopesOf = (all: readonly Attached[]): string[] => all.map(({ cached }) => about.attachment(cached));
const namesOf = (all: readonly Attached[]): string =>
  `${all.slice(0, 3).map(nameOf).join(", ")}${all.length > 3 ? ` and ${all.length - 3} more` : ""}`;

const isInside = (server: string): boolean => /^127\.|^::1$/.test(server);

/** A server that fails several containers in the same way is told of once. Pure. */
export function serverFindings(asked: readonly Asked[]): Finding[] {
  const groups = new Map<string, { server: string; answer: Answer; by: Attached[] }>();
  for (const { by, server, answer } of asked) {
    if (answer.kind === "answers") continue;
    // One on the container's own loopback is another one in each.
    const key = `${server} ${answer.kind} ${answer.why} ${isInside(server) ? scopesOf(by).join() : ""}`;
    const group = groups.get(key) ?? { server, answer, by: [] };
    group.by.push(...by);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ server, answer, by }): Finding => {
    const scopes = scopesOf(by);
    const evidence = [
      `"nameserver ${server}" in /etc/resolv.conf of ${namesOf(by)}`,
      answer.kind === "answers" ? "" : `asked from inside: ${answer.why}`,
    ];
    if (answer.kind === "fails")
      return {
        fault: "name-server-fails",
        sentence: `the name server ${server} answers ${namesOf(by)} with a failure, ${answer.why}: names do not resolve`,
        evidence,
        remedy:
          "look at the server's own log and at the servers it asks; or name another with --name that it should know",
        scopes,
      };
    return {
      fault: "name-server-silent",
      sentence: `the name server ${server} does not answer ${namesOf(by)}: names do not resolve, or only after a while`,
      evidence,
      remedy:
        "see that it runs, listens on that address and lets the containers' addresses in; or give them another one",
      scopes,
      ...(isInside(server) ? {} : { follows: WAYS }),
    };
  });
}

export function noServer(by: readonly Attached[], why: string): Finding {
  return {
    fault: "no-name-server",
    sentence: `${namesOf(by)} has no name server: names do not resolve`,
    evidence: [why, "nor does anything answer on port 53 of its own loopback, which the resolver takes then"],
    remedy: 'give it one: "dns" in the network\'s configuration, or what its runtime has for it',
    scopes: scopesOf(by),
  };
}

/** Ways of one network that take the same are told of once. Pure. */
export function narrowFindings(measured: readonly Measured[]): Finding[] {
  const groups = Map.groupBy(
    measured,
    ({ by, way: { mtu, arrives } }) =>
      `${"cached" in by ? by.cached.network : by.overlay} ${"cached" in by} ${mtu} ${arrives}`,
  );
  return [...groups.values()].map((group) => narrowFinding(group as [Measured, ...Measured[]]));
}

function narrowFinding(group: readonly [Measured, ...Measured[]]): Finding {
  const [{ by, way }] = group;
  const { mtu, arrives, ms } = way;
  const isContainer = "cached" in by;
  const network = isContainer ? by.cached.network : by.overlay;
  const targets = group.map(({ way: { target } }) => target);
  return {
    fault: "path-mtu",
    sentence: `packets of ${mtu} bytes of ${isContainer ? nameOf(by) : `network ${network}`} to ${targets.slice(0, 3).join(", ")}${targets.length > 3 ? ` and ${targets.length - 3} more` : ""} are lost without a word, and up to ${arrives} bytes arrive: connections hang once they carry data`,
    evidence: [
      `an echo request of ${SMALL_BYTES} bytes was answered in ${ms.toFixed(1)} ms`,
      `those of ${mtu} bytes were not, and nobody said that they are too large`,
    ],
    remedy: `"mtu": ${arrives} in the configuration of network ${network}${isContainer ? "" : " on every host"}; or let ICMP "fragmentation needed" and "packet too big" pass on the way`,
    scopes: [...(isContainer ? [about.attachment(by.cached)] : []), about.network(network)],
    // A tunnel goes the way that others go.
    follows: ["mtu-too-large", "vxlan-device", ...(isContainer ? [] : (["path-mtu"] as const))],
  };
}

export function otherHolderFinding(address: string, whose: string, mac: string, scopes: readonly string[]): Finding {
  return {
    fault: "duplicate-address",
    sentence: `somebody else on the wire has the address ${address} of ${whose}: ${mac} answers for it`,
    evidence: [`asked ${address.includes(":") ? "by neighbour solicitation" : "by ARP"} who has ${address}: ${mac}`],
    remedy: "find who has that MAC (bridge fdb show, the switch's table), and give one of them another address",
    scopes: [about.address(address), ...scopes],
  };
}
