import type { Link } from "../../kernel/link.ts";
import type { Bridge } from "../../netlink/rtnl/kinds/bridge.ts";
import type { BridgePort } from "../../netlink/rtnl/kinds/bridge-port.ts";
import { type Form, flagNames, type LinkNames } from "./names.ts";

/** `info_data` of `ip -j -d link`: settings of a link's own kind. `undefined` for kinds without any, or not decoded. */
export function infoData(link: Link, nameOf: LinkNames): Form | undefined {
  const { info } = link;
  switch (info?.kind) {
    case "bridge":
      return info.data && bridgeData(info.data);
    case "macvlan":
    case "macvtap":
      return (
        info.data && {
          mode: info.data.mode,
          nopromisc: ((info.data.flags ?? 0) & 1) !== 0 ? true : undefined,
          bcqueuelen: info.data.bcQueueLen,
          usedbcqueuelen: info.data.bcQueueLenUsed,
          macaddr_count: info.data.mode === "source" ? info.data.macaddrCount : undefined,
          macaddr_data: info.data.mode === "source" ? info.data.macaddrData : undefined,
        }
      );
    case "ipvlan":
    case "ipvtap":
      return (
        info.data && {
          mode: info.data.mode,
          [ipvlanFlag(info.data.flags ?? 0)]: true,
        }
      );
    case "vlan":
      return (
        info.data && {
          protocol: ethertype(info.data.protocol),
          id: info.data.id,
          flags: info.data.flags?.flags ? flagNames(VLAN_FLAGS, info.data.flags.flags) : undefined,
          ingress_qos: info.data.ingressQos,
          egress_qos: info.data.egressQos,
        }
      );
    case "vrf":
      return info.data && { table: info.data.table };
    case "tun":
      return (
        info.data && {
          type: info.data.type,
          pi: bool(info.data.pi),
          vnet_hdr: bool(info.data.vnetHdr),
          multi_queue: bool(info.data.multiQueue),
          numqueues: info.data.numQueues,
          numdisabled: info.data.numDisabledQueues,
          persist: bool(info.data.persist),
          user: info.data.owner,
          group: info.data.group,
        }
      );
    case "vxlan":
      return info.data && vxlanData(info.data, nameOf);
    default:
      return undefined;
  }
}

/** IPVLAN_F_*, linux/if_link.h. */
const ipvlanFlag = (flags: number): string => (flags & 1 ? "private" : flags & 2 ? "vepa" : "bridge");

const VLAN_FLAGS = [
  [1, "REORDER_HDR"],
  [2, "GVRP"],
  [8, "MVRP"],
  [4, "LOOSE_BINDING"],
  [16, "BRIDGE_BINDING"],
] as const;

const bool = (value: number | undefined): boolean | undefined => (value === undefined ? undefined : value !== 0);
const on = (value: number | undefined): true | undefined => (value === undefined || value === 0 ? undefined : true);

const ethertype = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : value === 0x8100 ? "802.1Q" : value === 0x88a8 ? "802.1ad" : `[${value}]`;

type Vxlan = Extract<NonNullable<Link["info"]>, { kind: "vxlan" }>["data"];

function vxlanData(data: NonNullable<Vxlan>, nameOf: LinkNames): Form {
  const group = data.group ?? data.group6;
  const multicast = group !== undefined && (group.startsWith("ff") || /^(22[4-9]|23\d)\./.test(group));
  const key = (name: string, address: string | undefined, at: 4 | 6): string =>
    address !== undefined && at === 6 ? `${name}6` : name;
  return {
    id: data.vni,
    ...(group === undefined ? {} : { [key(multicast ? "group" : "remote", group, data.group ? 4 : 6)]: group }),
    ...(data.local === undefined ? {} : { local: data.local }),
    ...(data.local6 === undefined ? {} : { local6: data.local6 }),
    link: data.link ? nameOf(data.link) : undefined,
    port_range: data.portRange && { low: data.portRange.low, high: data.portRange.high },
    port: data.port,
    learning: bool(data.learning),
    proxy: on(data.proxy),
    rsc: on(data.rsc),
    l2miss: on(data.l2miss),
    l3miss: on(data.l3miss),
    tos:
      data.tos === undefined || data.tos === 0 ? undefined : data.tos === 1 ? "inherit" : `0x${data.tos.toString(16)}`,
    ttl: data.ttlInherit ? "inherit" : data.ttl,
    df: data.df,
    label: data.label ? `0x${data.label.toString(16)}` : undefined,
    ageing: data.ageing,
    limit: data.limit || undefined,
    udp_csum: bool(data.udpCsum),
    udp_zero_csum6_tx: bool(data.udpZeroCsum6Tx),
    udp_zero_csum6_rx: bool(data.udpZeroCsum6Rx),
    remcsum_tx: on(data.remcsumTx),
    remcsum_rx: on(data.remcsumRx),
    external: on(data.collectMetadata),
    gbp: data.gbp,
    gpe: data.gpe,
  };
}

const number = (value: bigint | undefined): number | undefined => (value === undefined ? undefined : Number(value));
/** Hundredths of a second as seconds. */
const seconds = (value: bigint | undefined): number | undefined =>
  value === undefined ? undefined : Number(value) / 100;

/** iproute2 writes the address's bytes without leading zeros. */
const idText = (id: Bridge["bridgeId"]): string | undefined =>
  id && `${id.priority.toString(16).padStart(4, "0")}.${id.address.replaceAll(/\b0(?=[0-9a-f])/g, "")}`;

/** BR_BOOLOPT_*, linux/if_bridge.h. */
const BOOLOPT = { noLinklocalLearn: 1, mcastVlanSnooping: 2 } as const;

function bridgeData(data: Bridge): Form {
  const opt = data.multiBoolopt?.value;
  return {
    forward_delay: data.forwardDelayCs,
    hello_time: data.helloTimeCs,
    max_age: data.maxAgeCs,
    ageing_time: data.ageingTimeCs,
    stp_state: data.stpState,
    priority: data.priority,
    vlan_filtering: data.vlanFiltering,
    vlan_protocol: ethertype(data.vlanProtocol),
    bridge_id: idText(data.bridgeId),
    root_id: idText(data.rootId),
    root_port: data.rootPort,
    root_path_cost: data.rootPathCost,
    topology_change: data.topologyChange,
    topology_change_detected: data.topologyChangeDetected,
    hello_timer: seconds(data.helloTimerCs),
    tcn_timer: seconds(data.tcnTimerCs),
    topology_change_timer: seconds(data.topologyChangeTimerCs),
    gc_timer: seconds(data.gcTimerCs),
    vlan_default_pvid: data.vlanDefaultPvid,
    vlan_stats_enabled: data.vlanStatsEnabled,
    vlan_stats_per_port: data.vlanStatsPerPort,
    group_fwd_mask: data.groupFwdMask?.toString(16),
    group_addr: data.groupAddr,
    mcast_snooping: data.mcastSnooping,
    no_linklocal_learn: opt === undefined ? undefined : Number((opt & BOOLOPT.noLinklocalLearn) !== 0),
    mcast_vlan_snooping: opt === undefined ? undefined : Number((opt & BOOLOPT.mcastVlanSnooping) !== 0),
    mcast_router: data.mcastRouter,
    mcast_query_use_ifaddr: data.mcastQueryUseIfaddr,
    mcast_querier: data.mcastQuerier,
    mcast_hash_elasticity: data.mcastHashElasticity,
    mcast_hash_max: data.mcastHashMax,
    mcast_last_member_cnt: data.mcastLastMemberCount,
    mcast_startup_query_cnt: data.mcastStartupQueryCount,
    mcast_last_member_intvl: number(data.mcastLastMemberIntervalCs),
    mcast_membership_intvl: number(data.mcastMembershipIntervalCs),
    mcast_querier_intvl: number(data.mcastQuerierIntervalCs),
    mcast_query_intvl: number(data.mcastQueryIntervalCs),
    mcast_query_response_intvl: number(data.mcastQueryResponseIntervalCs),
    mcast_startup_query_intvl: number(data.mcastStartupQueryIntervalCs),
    mcast_stats_enabled: data.mcastStatsEnabled,
    mcast_igmp_version: data.mcastIgmpVersion,
    mcast_mld_version: data.mcastMldVersion,
    nf_call_iptables: data.nfCallIptables,
    nf_call_ip6tables: data.nfCallIp6tables,
    nf_call_arptables: data.nfCallArptables,
  };
}

/** `info_slave_data`: settings as port of a bridge or vrf. */
export function slaveData({ info }: Link, nameOf: LinkNames): Form | undefined {
  if (info?.slaveKind === "vrf") return info.slaveData && { table: info.slaveData.table };
  return info?.slaveKind === "bridge" && info.slaveData ? portData(info.slaveData, nameOf) : undefined;
}

const hex = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `0x${value.toString(16)}`;

function portData(port: BridgePort, nameOf: LinkNames): Form {
  return {
    state: port.state,
    priority: port.priority,
    cost: port.cost,
    hairpin: bool(port.hairpin),
    guard: bool(port.guard),
    root_block: bool(port.protect),
    fastleave: bool(port.fastLeave),
    learning: bool(port.learning),
    flood: bool(port.unicastFlood),
    id: hex(port.id),
    no: hex(port.no),
    designated_port: port.designatedPort,
    designated_cost: port.designatedCost,
    bridge_id: idText(port.bridgeId),
    root_id: idText(port.rootId),
    hold_timer: seconds(port.holdTimerCs),
    message_age_timer: seconds(port.messageAgeTimerCs),
    forward_delay_timer: seconds(port.forwardDelayTimerCs),
    topology_change_ack: port.topologyChangeAck,
    config_pending: port.configPending,
    proxy_arp: bool(port.proxyarp),
    proxy_arp_wifi: bool(port.proxyarpWifi),
    multicast_router: port.multicastRouter,
    mcast_flood: bool(port.mcastFlood),
    bcast_flood: bool(port.bcastFlood),
    mcast_to_unicast: bool(port.mcastToUnicast),
    neigh_suppress: bool(port.neighSuppress),
    group_fwd_mask: port.groupFwdMask?.toString(16),
    group_fwd_mask_str: hex(port.groupFwdMask),
    vlan_tunnel: bool(port.vlanTunnel),
    isolated: bool(port.isolated),
    locked: bool(port.locked),
    backup_port: port.backupPort ? nameOf(port.backupPort) : undefined,
  };
}
