import type { Link } from "../../../kernel/link.ts";
import { about, type Finding } from "../finding.ts";
import { type Attached, nameOf, type Picture } from "../picture.ts";

/** Packets too large for the links on the host that they go through. */
export function mtu({ attachments }: Picture): Finding[] {
  const byLink = new Map<Link, Attached[]>();
  for (const a of attachments) {
    const { inner, hostEnd, bridge } = a;
    // What is larger than the bridge has is dropped without a word; between the ends of a pair likewise.
    const narrow = [hostEnd, bridge].find((link) => link !== undefined && inner !== undefined && link.mtu < inner.mtu);
    if (narrow && hostEnd) byLink.set(narrow, [...(byLink.get(narrow) ?? []), a]);
  }
  return [...byLink].map(([narrow, users]): Finding => {
    const largest = Math.max(...users.map(({ inner }) => inner?.mtu ?? 0));
    return {
      fault: "mtu-too-large",
      sentence: `containers send packets of ${largest} bytes, and ${narrow.name} takes ${narrow.mtu}: ${users.slice(0, 3).map(nameOf).join(", ")}`,
      evidence: [
        ...users.slice(0, 3).map((a) => `MTU of ${a.cached.ifName} of ${nameOf(a)}: ${a.inner?.mtu}`),
        `MTU of ${narrow.name}: ${narrow.mtu}`,
      ],
      remedy: `a smaller MTU in the containers (ip link set ${users[0]?.cached.ifName} mtu ${narrow.mtu}), or a larger one on ${narrow.name}`,
      scopes: users.map(({ cached }) => about.attachment(cached)),
    };
  });
}

/** New connections are refused when the table is full, so it is named a little before. */
const NEARLY_FULL = 0.97;

export function conntrack({ host, attachments }: Picture): Finding[] {
  const { conntrack: table } = host;
  if (!table || table.max === 0 || table.count < table.max * NEARLY_FULL) return [];
  return [
    {
      fault: "conntrack-full",
      sentence: `the table of tracked connections is full: ${table.count} of ${table.max}`,
      evidence: [`net.netfilter.nf_conntrack_count is ${table.count}, nf_conntrack_max ${table.max}`],
      remedy:
        "sysctl -w net.netfilter.nf_conntrack_max=… with a larger number, and look who opens so many (conntrack -L)",
      scopes: attachments.map(({ cached }) => about.attachment(cached)),
    },
  ];
}
