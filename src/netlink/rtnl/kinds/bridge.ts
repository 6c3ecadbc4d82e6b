import { attrs, be16, bytes, flag, type Infer, struct, u8, u16, u32, u64 } from "../../wire/index.ts";
import { ethAddress } from "../scalars.ts";
import { IFLA_BR } from "./bridge.const.ts";

/** `struct ifla_bridge_id`: spanning tree priority and address. */
export const bridgeId = struct({ priority: be16, address: ethAddress });

/**
 * A bridge. Times ending in `Cs` are hundredths of a second (USER_HZ), the rest has 0 and 1 for off and on.
 * ip-link(8), "BRIDGE Type Support".
 */
export const bridge = attrs({
  forwardDelayCs: [IFLA_BR.FORWARD_DELAY, u32],
  helloTimeCs: [IFLA_BR.HELLO_TIME, u32],
  maxAgeCs: [IFLA_BR.MAX_AGE, u32],
  ageingTimeCs: [IFLA_BR.AGEING_TIME, u32],
  /** 0 off, 1 kernel, 2 user space. */
  stpState: [IFLA_BR.STP_STATE, u32],
  priority: [IFLA_BR.PRIORITY, u16],
  vlanFiltering: [IFLA_BR.VLAN_FILTERING, u8],
  /** 0x8100 (802.1Q) or 0x88a8 (802.1ad). */
  vlanProtocol: [IFLA_BR.VLAN_PROTOCOL, be16],
  /** 0 leaves untagged frames of new ports without VLAN. */
  vlanDefaultPvid: [IFLA_BR.VLAN_DEFAULT_PVID, u16],
  vlanStatsEnabled: [IFLA_BR.VLAN_STATS_ENABLED, u8],
  vlanStatsPerPort: [IFLA_BR.VLAN_STATS_PER_PORT, u8],
  groupFwdMask: [IFLA_BR.GROUP_FWD_MASK, u16],
  groupAddr: [IFLA_BR.GROUP_ADDR, ethAddress],
  fdbFlush: [IFLA_BR.FDB_FLUSH, flag],
  rootId: [IFLA_BR.ROOT_ID, bridgeId],
  bridgeId: [IFLA_BR.BRIDGE_ID, bridgeId],
  rootPort: [IFLA_BR.ROOT_PORT, u16],
  rootPathCost: [IFLA_BR.ROOT_PATH_COST, u32],
  topologyChange: [IFLA_BR.TOPOLOGY_CHANGE, u8],
  topologyChangeDetected: [IFLA_BR.TOPOLOGY_CHANGE_DETECTED, u8],
  helloTimerCs: [IFLA_BR.HELLO_TIMER, u64],
  tcnTimerCs: [IFLA_BR.TCN_TIMER, u64],
  topologyChangeTimerCs: [IFLA_BR.TOPOLOGY_CHANGE_TIMER, u64],
  gcTimerCs: [IFLA_BR.GC_TIMER, u64],
  mcastRouter: [IFLA_BR.MCAST_ROUTER, u8],
  mcastSnooping: [IFLA_BR.MCAST_SNOOPING, u8],
  mcastQueryUseIfaddr: [IFLA_BR.MCAST_QUERY_USE_IFADDR, u8],
  mcastQuerier: [IFLA_BR.MCAST_QUERIER, u8],
  mcastQuerierState: [IFLA_BR.MCAST_QUERIER_STATE, bytes],
  mcastHashElasticity: [IFLA_BR.MCAST_HASH_ELASTICITY, u32],
  mcastHashMax: [IFLA_BR.MCAST_HASH_MAX, u32],
  mcastLastMemberCount: [IFLA_BR.MCAST_LAST_MEMBER_CNT, u32],
  mcastStartupQueryCount: [IFLA_BR.MCAST_STARTUP_QUERY_CNT, u32],
  mcastLastMemberIntervalCs: [IFLA_BR.MCAST_LAST_MEMBER_INTVL, u64],
  mcastMembershipIntervalCs: [IFLA_BR.MCAST_MEMBERSHIP_INTVL, u64],
  mcastQuerierIntervalCs: [IFLA_BR.MCAST_QUERIER_INTVL, u64],
  mcastQueryIntervalCs: [IFLA_BR.MCAST_QUERY_INTVL, u64],
  mcastQueryResponseIntervalCs: [IFLA_BR.MCAST_QUERY_RESPONSE_INTVL, u64],
  mcastStartupQueryIntervalCs: [IFLA_BR.MCAST_STARTUP_QUERY_INTVL, u64],
  mcastStatsEnabled: [IFLA_BR.MCAST_STATS_ENABLED, u8],
  mcastIgmpVersion: [IFLA_BR.MCAST_IGMP_VERSION, u8],
  mcastMldVersion: [IFLA_BR.MCAST_MLD_VERSION, u8],
  nfCallIptables: [IFLA_BR.NF_CALL_IPTABLES, u8],
  nfCallIp6tables: [IFLA_BR.NF_CALL_IP6TABLES, u8],
  nfCallArptables: [IFLA_BR.NF_CALL_ARPTABLES, u8],
  /** `struct br_boolopt_multi`: bits 1<<BR_BOOLOPT_*, and which of them are meant. */
  multiBoolopt: [IFLA_BR.MULTI_BOOLOPT, struct({ value: u32, mask: u32 })],
});
export type Bridge = Infer<typeof bridge>;
