import type { Link } from "../../../kernel/link.ts";
import { about, type Finding } from "../finding.ts";
import { type Attached, addressesOf, isRouted, nameOf, type Picture } from "../picture.ts";
import { uplinkOf } from "../routing.ts";

/**
 * Packets too large for the links on the host that they go through: into it, and out of it to outside, where senders have to
 * be told so by ICMP. What an overlay has room for is told of the overlay.
 */
export function mtu({ host, attachments }: Picture): Finding[] {
  const uplinks = ([4, 6] as const).map((family) => ({ family, link: uplinkOf(host, family) }));
  const narrowOf = (a: Attached): Link | undefined => {
    const { inner, hostEnd, bridge } = a;
    if (!inner || !hostEnd) return undefined;
    const out = isRouted(a) && a.main.type !== "vxlan" ? uplinks.filter(({ family }) => hasFamily(a, family)) : [];
    // What is larger than the bridge has is dropped without a word; between the ends of a pair likewise.
    return [hostEnd, bridge, ...out.map(({ link }) => link)].find((link) => link && link.mtu < inner.mtu);
  };
  return [...Map.groupBy(attachments, narrowOf)].flatMap(([narrow, users]): Finding[] => {
    if (!narrow) return [];
    const largest = Math.max(...users.map(({ inner }) => inner?.mtu ?? 0));
    return [
      {
        fault: "mtu-too-large",
        sentence: `containers send packets of ${largest} bytes, and ${narrow.name} takes ${narrow.mtu}: ${users.slice(0, 3).map(nameOf).join(", ")}`,
        evidence: [
          ...users.slice(0, 3).map((a) => `MTU of ${a.cached.ifName} of ${nameOf(a)}: ${a.inner?.mtu}`),
          `MTU of ${narrow.name}: ${narrow.mtu}`,
        ],
        remedy: `a smaller MTU in the containers (ip link set ${users[0]?.cached.ifName} mtu ${narrow.mtu}), or a larger one on ${narrow.name}`,
        scopes: users.map(({ cached }) => about.attachment(cached)),
      },
    ];
  });
}

const hasFamily = (a: Attached, family: 4 | 6): boolean => addressesOf(a).some(({ cidr }) => cidr.ip.family === family);

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
      scopes: [about.netns(host.namespace.identity), ...attachments.map(({ cached }) => about.attachment(cached))],
    },
  ];
}
