import { about, type Finding } from "../finding.ts";
import { addressesOf, familyName, isRouted, nameOf, type Picture, wayIn } from "../picture.ts";

const GLOBAL = { 4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding" } as const;
const FAULT = { 4: "forwarding-v4", 6: "forwarding-v6" } as const;

/**
 * Forwarding is off though containers are routed. IPv4 goes by the link a packet comes in by, IPv6 by `conf/all` alone
 * (Documentation/networking/ip-sysctl.rst).
 */
export function forwarding({ host, attachments }: Picture): Finding[] {
  return ([4, 6] as const).flatMap((family) => {
    const routed = attachments.filter(
      (a) => isRouted(a) && addressesOf(a).some(({ cidr }) => cidr.ip.family === family),
    );
    if (routed.length === 0) return [];
    const keys = new Map([[GLOBAL[family] as string, routed]]);
    if (family === 4 && host.sysctls?.get(GLOBAL[4]) !== "0")
      for (const a of routed) {
        const link = wayIn(a);
        if (!link) continue;
        const key = `net/ipv4/conf/${link.name}/forwarding`;
        const users = keys.get(key);
        if (users) users.push(a);
        else keys.set(key, [a]);
      }
    return [...keys].flatMap(([key, concerned]): Finding[] => {
      if (host.sysctls?.get(key) !== "0") return [];
      const networks = [...new Set(concerned.map(({ cached }) => cached.network))];
      return [
        {
          fault: FAULT[family],
          sentence: `${familyName(family)} forwarding is off${key === GLOBAL[family] ? "" : ` on ${key.split("/")[3]}`}, so containers of ${networks.join(", ")} reach nothing beyond the host`,
          evidence: [`sysctl ${key} is 0`, `${nameOf(concerned[0] as (typeof concerned)[0])} is routed`],
          remedy: `sysctl -w ${key.replaceAll("/", ".")}=1, or tsnet doctor --fix`,
          scopes: [...concerned.map(({ cached }) => about.attachment(cached)), ...networks.map(about.network)],
          fix: { kind: "sysctl", netns: host.namespace.identity, key, value: "1" },
        },
      ];
    });
  });
}
