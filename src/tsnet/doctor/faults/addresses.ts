import { formatIp } from "../../../ip/index.ts";
import type { Addr } from "../../../kernel/addr.ts";
import { about, type Finding } from "../finding.ts";
import { type Attached, addressesOf, familyName, hasGateway, nameOf, type Picture } from "../picture.ts";

/** Addresses of containers and gateways: missing, with another prefix length, not usable. */
export function addresses(picture: Picture): Finding[] {
  return [...picture.attachments.flatMap(ofContainer), ...gateways(picture)];
}

function ofContainer(a: Attached): Finding[] {
  const { inner, sandbox } = a;
  if (!inner || sandbox.addrs === undefined) return [];
  const scopes = [about.attachment(a.cached)];
  const own = sandbox.addrs.filter(({ link }) => link === inner.index);
  return addressesOf(a).flatMap(({ cidr }): Finding[] => {
    const text = formatIp(cidr.ip);
    const wanted = `ADD gave it ${text}/${cidr.prefixLen}`;
    const [first, ...more] = own.filter(({ address }) => address === text);
    if (!first)
      return [
        {
          fault: "address-missing",
          sentence: `${nameOf(a)} has not its address ${text}`,
          evidence: [wanted, `${inner.name} has ${own.map(cidrText).join(", ") || "none"}`],
          remedy: `ip addr add ${text}/${cidr.prefixLen} dev ${inner.name} in the container`,
          scopes,
          follows: ["ipv6-disabled", ...(cidr.ip.family === 6 ? (["container-end-down"] as const) : [])],
        },
      ];
    if (first.dadFailed)
      return [
        {
          fault: "dad-failed",
          sentence: `duplicate-address detection of ${text} of ${nameOf(a)} failed: another on the wire has it`,
          evidence: [`address ${cidrText(first)} is marked dadfailed`],
          remedy: "find who else has it; then delete the address and add it again",
          scopes,
        },
      ];
    if ([first, ...more].some(({ prefixLen }) => prefixLen === cidr.prefixLen)) return [];
    return [
      {
        fault: "wrong-prefix",
        sentence: `${nameOf(a)} has ${text} with prefix length ${first.prefixLen} and not ${cidr.prefixLen}`,
        evidence: [wanted, `${inner.name} has ${cidrText(first)}`],
        remedy: `ip addr add ${text}/${cidr.prefixLen} dev ${inner.name}, then delete the other, in the container`,
        scopes,
      },
    ];
  });
}

const cidrText = ({ address, prefixLen }: Addr): string => `${address}/${prefixLen}`;

/** Gateways that the host is to be. */
function gateways({ host, attachments }: Picture): Finding[] {
  const found = new Map<string, Finding & { readonly scopes: string[] }>();
  const onLink = Map.groupBy(host.addrs ?? [], (addr) => addr.link);
  for (const a of attachments) {
    const link = a.bridgeName === undefined ? a.hostEnd : a.bridge;
    if (!hasGateway(a) || !link || host.addrs === undefined) continue;
    for (const { ip, cidr } of addressesOf(a)) {
      const { gateway } = ip;
      if (!gateway) continue;
      const key = `${link.index} ${gateway}`;
      const scopes = [about.attachment(a.cached), about.link(host.namespace.identity, link.index)];
      const before = found.get(key);
      if (before) {
        before.scopes.push(...scopes);
        continue;
      }
      const there = (onLink.get(link.index) ?? []).filter(({ address }) => address === gateway);
      const [first] = there;
      const want = `${gateway}/${cidr.prefixLen}`;
      if (!first)
        found.set(key, {
          fault: "gateway-missing",
          sentence: `${link.name} has not the gateway address ${gateway} of network ${a.cached.network}`,
          evidence: [`${nameOf(a)} has ${gateway} as its ${familyName(cidr.ip.family)} gateway`],
          remedy: "tsnet repair, or tsnet doctor --fix",
          scopes,
          follows: [
            "bridge-missing",
            "ipv6-disabled",
            ...(cidr.ip.family === 6 ? (["bridge-down", "host-end-down"] as const) : []),
          ],
          fix: { kind: "repair" },
        });
      else if (first.dadFailed)
        found.set(key, {
          fault: "dad-failed",
          sentence: `duplicate-address detection of the gateway address ${gateway} on ${link.name} failed`,
          evidence: [`address ${cidrText(first)} is marked dadfailed`],
          remedy: "find who else has it; then delete the address and run tsnet repair",
          scopes,
        });
      else if (a.bridgeName !== undefined && !there.some(({ prefixLen }) => prefixLen === cidr.prefixLen))
        found.set(key, {
          fault: "wrong-prefix",
          sentence: `${link.name} has the gateway address ${gateway} with prefix length ${first.prefixLen} and not ${cidr.prefixLen}`,
          evidence: [`${nameOf(a)} has ${formatIp(cidr.ip)}/${cidr.prefixLen}`, `${link.name} has ${cidrText(first)}`],
          remedy: `ip addr add ${want} dev ${link.name}, then delete the other`,
          scopes,
        });
    }
  }
  return [...found.values()];
}
