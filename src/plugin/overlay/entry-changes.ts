import type { Kernel } from "../../kernel/kernel.ts";
import { NUD } from "../../netlink/rtnl/neigh.const.ts";
import { RTN } from "../../netlink/rtnl/route.const.ts";
import type { Request } from "../../netlink/socket/index.ts";
import { type PresentEntries, type RemoteEntries, routeKey } from "./entries.ts";

/** One change of a kernel table. */
export interface EntryChange {
  /** For people: `+ fdb 02:… dst 192.0.2.2`. `~` replaces, `-` removes. */
  readonly text: string;
  readonly request: Request;
  /** Whom it is about; absent for what is surplus. */
  readonly wanted: RemoteEntries | undefined;
}

/**
 * What makes the tables agree, in an order in which no remote host is lost on the way: forwarding entry, neighbour, route;
 * what is surplus goes in reverse. Empty when they agree.
 * @param device index of the VXLAN link
 */
export function entryChanges(
  host: Pick<Kernel, "fdb" | "neigh" | "route">,
  device: number,
  wanted: readonly RemoteEntries[],
  present: PresentEntries,
): EntryChange[] {
  const fdb = fdbChanges(host, device, wanted, present);
  const neigh = neighChanges(host, device, wanted, present);
  const routes = routeChanges(host, wanted, present);
  const isSurplus = ({ wanted: about }: EntryChange): boolean => about === undefined;
  return [
    ...[...fdb, ...neigh, ...routes].filter((change) => !isSurplus(change)),
    ...[...routes, ...neigh, ...fdb].filter(isSurplus),
  ];
}

function fdbChanges(
  host: Pick<Kernel, "fdb">,
  link: number,
  wanted: readonly RemoteEntries[],
  { fdb: present }: PresentEntries,
): EntryChange[] {
  const there = new Map(present.map((entry) => [entry.mac, entry]));
  const kept = new Set<string>();
  const changes: EntryChange[] = [];
  for (const about of wanted) {
    const { mac, dst } = about.fdb;
    const have = there.get(mac);
    kept.add(mac);
    const isRight =
      have?.dst === dst &&
      have.state === NUD.PERMANENT &&
      have.port === undefined &&
      have.vni === undefined &&
      have.via === undefined;
    if (isRight) continue;
    const text = `${have ? "~" : "+"} fdb ${mac} dst ${dst}`;
    changes.push({ text, request: host.fdb.replacing({ link, mac, dst }), wanted: about });
  }
  for (const entry of present) {
    if (kept.has(entry.mac)) continue;
    // Exactly as it stands: with another destination the kernel deletes nothing and reports success.
    const { mac, dst, port, vni, via, nexthopId } = entry;
    const request = host.fdb.deleting({ link, mac, dst, port, vni, via, nexthopId });
    changes.push({ text: `- fdb ${mac}${dst === undefined ? "" : ` dst ${dst}`}`, request, wanted: undefined });
  }
  return changes;
}

function neighChanges(
  host: Pick<Kernel, "neigh">,
  link: number,
  wanted: readonly RemoteEntries[],
  { neigh: present }: PresentEntries,
): EntryChange[] {
  const there = new Map(present.map((entry) => [entry.dst, entry]));
  const kept = new Set<string>();
  const changes: EntryChange[] = [];
  for (const about of wanted)
    for (const { dst, mac } of about.neigh) {
      const have = there.get(dst);
      kept.add(dst);
      if (have?.mac === mac && have.state === NUD.PERMANENT) continue;
      const text = `${have ? "~" : "+"} neigh ${dst} lladdr ${mac}`;
      changes.push({ text, request: host.neigh.replacing({ link, dst, mac }), wanted: about });
    }
  for (const { dst, state } of present)
    if (state === NUD.PERMANENT && !kept.has(dst))
      changes.push({ text: `- neigh ${dst}`, request: host.neigh.deleting(link, dst), wanted: undefined });
  return changes;
}

function routeChanges(
  host: Pick<Kernel, "route">,
  wanted: readonly RemoteEntries[],
  { routes: present }: PresentEntries,
): EntryChange[] {
  const there = new Map(present.map((route) => [routeKey(route.dst, route.priority), route]));
  const kept = new Set<string>();
  const changes: EntryChange[] = [];
  for (const about of wanted)
    for (const spec of about.routes) {
      const key = routeKey(spec.dst, spec.priority);
      const have = there.get(key);
      kept.add(key);
      if (have && have.gw === spec.gw && have.oif === spec.oif && have.type === RTN.UNICAST && have.mtu === spec.mtu)
        continue;
      const text = `${have ? "~" : "+"} route ${spec.dst} via ${spec.gw}${spec.onlink ? "" : " direct"}${spec.mtu ? ` mtu ${spec.mtu}` : ""}`;
      // One of somebody else's with that destination is not ours to replace.
      const request = have ? host.route.replacing(spec) : host.route.adding(spec);
      changes.push({ text, request, wanted: about });
    }
  for (const [key, { dst, gw, oif, priority, protocol }] of there)
    if (!kept.has(key))
      changes.push({
        text: `- route ${dst} via ${gw ?? "nothing"}`,
        request: host.route.deleting({ dst, gw, oif, priority, protocol }),
        wanted: undefined,
      });
  return changes;
}
