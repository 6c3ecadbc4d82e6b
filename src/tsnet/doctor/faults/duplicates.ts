import { labelOf } from "../../look/index.ts";
import { about, type Finding } from "../finding.ts";
import type { Picture } from "../picture.ts";

/** An address that two have on one bridge, or on one link below macvlans; link-local ones are each link's own business. */
export function duplicates({ host, attachments, neighbours }: Picture): Finding[] {
  /** wire, then address → who has it. */
  const holders = new Map<string, Map<string, { name: string; key: string; scopes: string[] }>>();
  const put = (wire: string, address: string, holder: { name: string; key: string; scopes: string[] }): void => {
    const key = `${wire} ${address}`;
    const there = holders.get(key) ?? new Map();
    there.set(holder.key, { ...holder, scopes: [...(there.get(holder.key)?.scopes ?? []), ...holder.scopes] });
    holders.set(key, there);
  };
  const bySandbox = Map.groupBy(attachments, ({ sandbox }) => sandbox.namespace.identity);
  const scopesOf = (identity: string): string[] =>
    (bySandbox.get(identity) ?? []).map(({ cached }) => about.attachment(cached));
  for (const { bridge, snapshot, link } of neighbours)
    for (const addr of snapshot.addrs ?? [])
      if (addr.link === link && !isLinkLocal(addr.address)) {
        const { identity } = snapshot.namespace;
        const name = `${labelOf(snapshot.namespace)} on ${snapshot.links?.find((l) => l.index === link)?.name ?? `#${link}`}`;
        put(`bridge ${bridge}`, addr.address, { name, key: `${identity} ${link}`, scopes: scopesOf(identity) });
      }
  for (const { sandbox, inner, cached } of attachments)
    if (inner?.kind === "macvlan" && inner.peerNetnsId !== undefined)
      for (const addr of sandbox.addrs ?? [])
        if (addr.link === inner.index && !isLinkLocal(addr.address)) {
          const { identity } = sandbox.namespace;
          const name = `${labelOf(sandbox.namespace)} on ${inner.name}`;
          const key = `${identity} ${inner.index}`;
          put(`parent ${inner.peerIndex}`, addr.address, { name, key, scopes: [about.attachment(cached)] });
        }
  for (const addr of host.addrs ?? [])
    for (const wire of [`bridge ${addr.link}`, `parent ${addr.link}`])
      if (holders.has(`${wire} ${addr.address}`)) {
        const name = `the host on ${host.links?.find((l) => l.index === addr.link)?.name ?? `#${addr.link}`}`;
        put(wire, addr.address, { name, key: `host ${addr.link}`, scopes: [] });
      }
  return [...holders].flatMap(([key, all]): Finding[] => {
    if (all.size < 2) return [];
    const address = key.slice(key.lastIndexOf(" ") + 1);
    const who = [...all.values()];
    return [
      {
        fault: "duplicate-address",
        sentence: `${address} is on ${who.length} interfaces of one network: ${who.map(({ name }) => name).join(", ")}`,
        evidence: who.map(({ name }) => `${address} on ${name}`),
        remedy: "take it from the one that no lease gave it to (tsnet ipam show)",
        scopes: [about.address(address), ...who.flatMap(({ scopes }) => scopes)],
      },
    ];
  });
}

const isLinkLocal = (address: string): boolean => /^fe[89ab]|^169\.254\./.test(address);
