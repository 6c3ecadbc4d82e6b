/** What is to be done to mend a finding, where that is safe: nothing is taken away and nobody is cut off by it. */
export type Fix =
  | { readonly kind: "sysctl"; readonly netns: string; readonly key: string; readonly value: string }
  | { readonly kind: "up"; readonly netns: string; readonly link: number }
  | { readonly kind: "master"; readonly netns: string; readonly link: number; readonly master: number }
  | { readonly kind: "unisolate"; readonly netns: string; readonly link: number }
  /** What `tsnet repair` puts back. */
  | { readonly kind: "repair" };

/** One fault of the host, in words. Text in it may come from containers and is escaped by whoever prints it. */
export interface Finding {
  readonly fault: FaultId;
  /** One sentence that names what is wrong, and where. */
  readonly sentence: string;
  /** What was seen, a phrase each. */
  readonly evidence: readonly string[];
  /** What a person can do. */
  readonly remedy: string;
  /** What it is about: attachments, networks, links, each by a key of `about`. */
  readonly scopes: readonly string[];
  /** Faults that bring this one about, when one of them is found with a scope of this one. */
  readonly follows?: readonly FaultId[];
  readonly fix?: Fix;
}

/** What could not be judged. */
export interface Doubt {
  readonly sentence: string;
  readonly evidence: readonly string[];
  readonly scopes: readonly string[];
}

export interface Judgement {
  readonly findings: readonly Finding[];
  readonly doubts: readonly Doubt[];
}

/** A finding with those that follow from it. */
export interface Told extends Finding {
  readonly consequences: readonly Finding[];
}

export const FAULTS = [
  "forwarding-v4",
  "forwarding-v6",
  "host-end-down",
  "container-end-down",
  "bridge-down",
  "parent-down",
  "bridge-missing",
  "link-missing",
  "no-default-route",
  "wrong-gateway",
  "gateway-missing",
  "wrong-prefix",
  "address-missing",
  "duplicate-address",
  "off-bridge",
  "port-isolated",
  "port-not-forwarding",
  "masquerade-missing",
  "published-missing",
  "published-shadowed",
  "published-dead",
  "rule-drops",
  "policy-drops",
  "rp-filter",
  "route-elsewhere",
  "lease-without-attachment",
  "attachment-without-lease",
  "attachment-gone",
  "leaked-link",
  "leaked-rule",
  "leaked-namespace",
  "ipv6-disabled",
  "dad-failed",
  "overlapping-subnets",
  "config-broken",
  "plugin-missing",
  "mtu-too-large",
  "vxlan-device",
  "vxlan-fdb",
  "vxlan-neigh",
  "vxlan-route",
  "conntrack-full",
  "path-mtu",
  "no-name-server",
  "name-server-silent",
  "name-server-fails",
] as const;
export type FaultId = (typeof FAULTS)[number];

/** Keys by which findings are about the same thing. */
export const about = {
  attachment: (a: { network: string; containerId: string; ifName: string }): string =>
    `attachment ${a.network} ${a.containerId} ${a.ifName}`,
  network: (name: string): string => `network ${name}`,
  link: (netns: string, index: number): string => `link ${netns} ${index}`,
  netns: (identity: string): string => `netns ${identity}`,
  address: (address: string): string => `address ${address}`,
} as const;

/**
 * What two looks agree on, in the words of the second: what is wrong only once was under way. Numbers in a sentence may differ, and so may
 * who is concerned, but not both.
 */
export function confirmed(first: Judgement, second: Judgement): Judgement {
  const keys = ({ fault, sentence, scopes }: Finding): string[] => [
    `${fault} ${sentence}`,
    ...(scopes.length > 0 ? [`${fault}\n${scopes.join("\n")}`] : []),
  ];
  const findings = new Set(first.findings.flatMap(keys));
  const doubts = new Set(first.doubts.map(({ sentence }) => sentence));
  return {
    findings: second.findings.filter((finding) => keys(finding).some((key) => findings.has(key))),
    doubts: second.doubts.filter(({ sentence }) => doubts.has(sentence)),
  };
}

/**
 * Puts findings that follow from others beneath them. One that follows from several stands beneath the first; of those that
 * follow from each other the first stands at the top.
 */
export function arrange(findings: readonly Finding[]): Told[] {
  const byScope = new Map<string, Finding[]>();
  const order = new Map(findings.map((finding, i) => [finding, i]));
  for (const finding of findings)
    for (const scope of new Set(finding.scopes)) {
      const list = byScope.get(scope);
      if (list) list.push(finding);
      else byScope.set(scope, [finding]);
    }
  const causes = new Map<Finding, Finding>();
  const rootOf = (finding: Finding): Finding => {
    let at = finding;
    for (let next = causes.get(at); next; next = causes.get(at)) at = next;
    return at;
  };
  for (const finding of findings) {
    const { follows } = finding;
    if (!follows) continue;
    const candidates = new Set<Finding>();
    for (const scope of new Set(finding.scopes))
      for (const other of byScope.get(scope) ?? []) if (follows.includes(other.fault)) candidates.add(other);
    const [cause] = [...candidates]
      .filter((other) => rootOf(other) !== finding)
      .sort((one, other) => (order.get(one) ?? 0) - (order.get(other) ?? 0));
    if (cause) causes.set(finding, cause);
  }
  const consequences = Map.groupBy(causes.keys(), rootOf);
  return findings
    .filter((finding) => !causes.has(finding))
    .map((root) => ({
      ...root,
      consequences: (consequences.get(root) ?? []).sort(
        (one, other) => (order.get(one) ?? 0) - (order.get(other) ?? 0),
      ),
    }));
}
