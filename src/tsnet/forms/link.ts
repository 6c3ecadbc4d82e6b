import type { Link } from "../../kernel/link.ts";
import { IFF } from "../../netlink/rtnl/link.const.ts";
import { infoData, slaveData } from "./link-kinds.ts";
import { type Form, flagNames, type LinkNames, linkTypeName } from "./names.ts";

/** IFF_* in the order of `ip link`; RUNNING shows as its absence. */
const FLAGS: readonly (readonly [number, string])[] = [
  [IFF.LOOPBACK, "LOOPBACK"],
  [IFF.BROADCAST, "BROADCAST"],
  [IFF.POINTOPOINT, "POINTOPOINT"],
  [IFF.MULTICAST, "MULTICAST"],
  [IFF.NOARP, "NOARP"],
  [IFF.ALLMULTI, "ALLMULTI"],
  [IFF.PROMISC, "PROMISC"],
  [IFF.MASTER, "MASTER"],
  [IFF.SLAVE, "SLAVE"],
  [IFF.DEBUG, "DEBUG"],
  [IFF.DYNAMIC, "DYNAMIC"],
  [IFF.AUTOMEDIA, "AUTOMEDIA"],
  [IFF.PORTSEL, "PORTSEL"],
  [IFF.NOTRAILERS, "NOTRAILERS"],
  [IFF.UP, "UP"],
  [IFF.LOWER_UP, "LOWER_UP"],
  [IFF.DORMANT, "DORMANT"],
];

export const linkFlags = (flags: number): string[] => [
  ...((flags & IFF.UP) !== 0 && (flags & IFF.RUNNING) === 0 ? ["NO-CARRIER"] : []),
  ...flagNames(FLAGS, flags),
];

/** What `ip -j link` and `ip -j addr` have in common: a link without its addresses. */
export function linkHead(link: Link, nameOf: LinkNames): Form {
  const { attrs } = link;
  const here = link.peerNetnsId === undefined;
  return {
    ifindex: link.index,
    ...(link.peerIndex === undefined
      ? {}
      : here
        ? { link: link.peerIndex === 0 ? null : nameOf(link.peerIndex) }
        : { link_index: link.peerIndex }),
    ifname: link.name,
    flags: [...linkFlags(link.flags), ...(here && link.peerIndex && nameOf.isDown(link.peerIndex) ? ["M-DOWN"] : [])],
    mtu: link.mtu,
    qdisc: attrs.qdisc,
    master: link.master === undefined ? undefined : nameOf(link.master),
    operstate: operstateName(link.operstate),
    group: groupName(attrs.group),
    txqlen: attrs.txqlen === 0 ? undefined : attrs.txqlen,
    link_type: linkTypeName(link.type),
    address: attrs.address,
    broadcast: attrs.broadcast !== undefined && (link.flags & IFF.POINTOPOINT) === 0 ? attrs.broadcast : undefined,
    link_pointtopoint: (link.flags & IFF.POINTOPOINT) !== 0 ? attrs.broadcast : undefined,
    link_netnsid: link.peerNetnsId,
    altnames: link.altNames.length === 0 ? undefined : link.altNames,
  };
}

/** `ip -j -d link`. */
export function linkForm(link: Link, nameOf: LinkNames): Form {
  const { attrs } = link;
  return {
    ...linkHead(link, nameOf),
    ifalias: link.alias,
    linkmode: typeof attrs.linkmode === "string" ? attrs.linkmode.toUpperCase() : attrs.linkmode,
    promiscuity: attrs.promiscuity,
    allmulti: attrs.allmulti,
    min_mtu: attrs.minMtu,
    max_mtu: attrs.maxMtu,
    linkinfo: infoForm(link, nameOf),
    inet6_addr_gen_mode: addrGenMode(attrs.afSpec?.inet6?.addrGenMode),
    num_tx_queues: attrs.numTxQueues,
    num_rx_queues: attrs.numRxQueues,
    gso_max_size: attrs.gsoMaxSize,
    gso_max_segs: attrs.gsoMaxSegs,
    tso_max_size: attrs.tsoMaxSize,
    tso_max_segs: attrs.tsoMaxSegs,
    gro_max_size: attrs.groMaxSize,
    proto_down: attrs.protoDown === 1 ? true : undefined,
    parentbus: attrs.parentDevBusName,
    parentdev: attrs.parentDevName,
  };
}

function infoForm(link: Link, nameOf: LinkNames): Form | undefined {
  const { info } = link;
  if (link.kind === undefined && info?.slaveKind === undefined) return undefined;
  return {
    info_kind: link.kind,
    info_data: infoData(link, nameOf),
    info_slave_kind: info?.slaveKind === "unknown" ? info.slaveKindName : info?.slaveKind,
    info_slave_data: slaveData(link, nameOf),
  };
}

const MODES: Readonly<Record<string, string>> = { stablePrivacy: "stable_secret" };
const addrGenMode = (mode: string | number | undefined): string | number | undefined =>
  typeof mode === "string" ? (MODES[mode] ?? mode) : mode;

/** RFC 2863 names as `ip link` has them. */
export const operstateName = (state: string | number): string => String(state).toUpperCase();

const groupName = (group: number | undefined): string | undefined =>
  group === undefined ? undefined : group === 0 ? "default" : String(group);
