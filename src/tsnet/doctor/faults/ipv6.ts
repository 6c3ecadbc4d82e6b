import type { Snapshot } from "../../look/index.ts";
import { about, type Finding } from "../finding.ts";
import { addressesOf, nameOf, type Picture, wayIn } from "../picture.ts";

/** IPv6 switched off where an attachment has an IPv6 address. */
export function ipv6({ host, attachments }: Picture): Finding[] {
  const found = new Map<string, Finding & { readonly scopes: string[] }>();
  for (const a of attachments) {
    if (!addressesOf(a).some(({ cidr }) => cidr.ip.family === 6)) continue;
    const look = (where: Snapshot, ifName: string | undefined, place: string): void => {
      if (ifName === undefined) return;
      const key = `net/ipv6/conf/${ifName}/disable_ipv6`;
      if (where.sysctls?.get(key) !== "1") return;
      const id = `${where.namespace.identity} ${key}`;
      const before = found.get(id);
      if (before) {
        before.scopes.push(about.attachment(a.cached));
        return;
      }
      found.set(id, {
        fault: "ipv6-disabled",
        sentence: `IPv6 is switched off on ${ifName} ${place}`,
        evidence: [`sysctl ${key} is 1`, `${nameOf(a)} has IPv6 addresses`],
        remedy: `sysctl -w ${key.replaceAll("/", ".")}=0 ${place}; addresses went with it, so start the container anew or tsnet repair`,
        scopes: [about.attachment(a.cached)],
      });
    };
    look(a.sandbox, a.inner?.name, `in the container of ${nameOf(a)}`);
    look(host, wayIn(a)?.name, "on the host");
  }
  return [...found.values()];
}
