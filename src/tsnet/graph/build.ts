import type { Link } from "../../kernel/link.ts";
import { RT_SCOPE, RT_TABLE, RTN } from "../../netlink/rtnl/route.const.ts";
import { type Look, labelOf, type Part, type Snapshot } from "../look/index.ts";
import { ownerText } from "../ns/owner.ts";
import type { Box, Face, Picture, Vxlan, WayOut, Wire } from "./model.ts";
import { natOf } from "./nat.ts";

/** What has to be looked at. */
export const PARTS: readonly Part[] = ["links", "addrs", "routes", "fdb", "nft"];

/** The picture of what was seen. Pure. */
export function pictureOf(look: Look): Picture {
  const holders = addressHolders(look.snapshots);
  return {
    version: 1,
    namespaces: look.snapshots.map((snapshot) => boxOf(snapshot, look, holders)),
    wires: wiresOf(look),
  };
}

const faceId = (snapshot: Snapshot, index: number): string => `${snapshot.namespace.inode}:${index}`;

/** Who has an address; `undefined` for one that several have, which tells nothing. */
function addressHolders(snapshots: readonly Snapshot[]): Map<string, string | undefined> {
  const holders = new Map<string, string | undefined>();
  for (const snapshot of snapshots)
    for (const { address, link } of snapshot.addrs ?? [])
      holders.set(address, holders.has(address) ? undefined : faceId(snapshot, link));
  return holders;
}

function boxOf(snapshot: Snapshot, look: Look, holders: ReadonlyMap<string, string | undefined>): Box {
  const { namespace: ns, links = [] } = snapshot;
  const addresses = Map.groupBy(snapshot.addrs ?? [], (addr) => addr.link);
  return {
    id: String(ns.inode),
    label: labelOf(ns),
    owner: ownerText(ns),
    host: ns.host,
    own: ns.own,
    faces: links
      .filter((link) => !link.loopback)
      .map((link): Face => {
        const peer = look.peerOf(ns.identity, link);
        return {
          id: faceId(snapshot, link.index),
          name: link.name,
          kind: link.kind ?? "hardware",
          up: link.up,
          addresses: (addresses.get(link.index) ?? [])
            .filter((addr) => addr.scope !== RT_SCOPE.LINK)
            .map((addr) => `${addr.address}/${addr.prefixLen}`),
          alias: link.alias,
          master: link.master === undefined ? undefined : faceId(snapshot, link.master),
          elsewhere: peer !== undefined && peer.namespace === undefined,
          vxlan: vxlanOf(link, snapshot),
        };
      }),
    waysOut: waysOut(snapshot, holders),
    ...natOf(snapshot, (address) => holders.get(address)),
    remarks: snapshot.remarks,
  };
}

function vxlanOf(link: Link, { fdb = [] }: Snapshot): Vxlan | undefined {
  if (link.kind !== "vxlan" || link.info?.kind !== "vxlan") return undefined;
  const data = link.info.data;
  const entries = fdb.filter((entry) => entry.link === link.index).map((entry) => entry.dst);
  const peers = [data?.group, data?.group6, ...entries].filter((peer) => peer !== undefined && peer !== "0.0.0.0");
  return { vni: data?.vni, port: data?.port, peers: [...new Set(peers as string[])] };
}

function waysOut(snapshot: Snapshot, holders: ReadonlyMap<string, string | undefined>): WayOut[] {
  return (snapshot.routes ?? [])
    .filter((route) => /^(0\.0\.0\.0|::)\/0$/.test(route.dst) && route.type === RTN.UNICAST)
    .flatMap((route) =>
      (route.nexthops ?? [route]).map(({ gw, oif }) => ({
        family: route.family,
        face: oif === undefined ? undefined : faceId(snapshot, oif),
        via: gw,
        gateway: gw === undefined ? undefined : holders.get(gw),
        table: route.table === RT_TABLE.MAIN ? undefined : route.table,
      })),
    );
}

function wiresOf(look: Look): Wire[] {
  const wires = new Map<string, Wire>();
  for (const snapshot of look.snapshots)
    for (const link of snapshot.links ?? []) {
      const peer = look.peerOf(snapshot.namespace.identity, link);
      if (!peer?.namespace) continue;
      const [from, to] = [faceId(snapshot, link.index), `${peer.namespace.inode}:${peer.index}`];
      // Both ends of a pair tell of each other.
      if (!wires.has(`${to} ${from}`)) wires.set(`${from} ${to}`, { kind: link.kind ?? "hardware", from, to });
    }
  return [...wires.values()];
}
