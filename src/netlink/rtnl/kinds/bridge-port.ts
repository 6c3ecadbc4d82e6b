import { attrs, enumOf, flag, type Infer, u8, u16, u32, u64 } from "../../wire/index.ts";
import { IFLA_BRPORT } from "./bridge.const.ts";
import { bridgeId } from "./bridge.ts";

/** A link's settings as port of a bridge; 0 and 1 for off and on. bridge(8), "bridge link set". */
export const bridgePort = attrs({
  /** Spanning tree: BR_STATE_* of linux/if_bridge.h. */
  state: [IFLA_BRPORT.STATE, enumOf(u8, { disabled: 0, listening: 1, learning: 2, forwarding: 3, blocking: 4 })],
  priority: [IFLA_BRPORT.PRIORITY, u16],
  cost: [IFLA_BRPORT.COST, u32],
  /** Frames may leave through the port they came in. */
  hairpin: [IFLA_BRPORT.MODE, u8],
  guard: [IFLA_BRPORT.GUARD, u8],
  protect: [IFLA_BRPORT.PROTECT, u8],
  fastLeave: [IFLA_BRPORT.FAST_LEAVE, u8],
  learning: [IFLA_BRPORT.LEARNING, u8],
  unicastFlood: [IFLA_BRPORT.UNICAST_FLOOD, u8],
  mcastFlood: [IFLA_BRPORT.MCAST_FLOOD, u8],
  bcastFlood: [IFLA_BRPORT.BCAST_FLOOD, u8],
  mcastToUnicast: [IFLA_BRPORT.MCAST_TO_UCAST, u8],
  proxyarp: [IFLA_BRPORT.PROXYARP, u8],
  proxyarpWifi: [IFLA_BRPORT.PROXYARP_WIFI, u8],
  vlanTunnel: [IFLA_BRPORT.VLAN_TUNNEL, u8],
  neighSuppress: [IFLA_BRPORT.NEIGH_SUPPRESS, u8],
  /** Isolated ports do not reach each other. */
  isolated: [IFLA_BRPORT.ISOLATED, u8],
  locked: [IFLA_BRPORT.LOCKED, u8],
  groupFwdMask: [IFLA_BRPORT.GROUP_FWD_MASK, u16],
  backupPort: [IFLA_BRPORT.BACKUP_PORT, u32],
  multicastRouter: [IFLA_BRPORT.MULTICAST_ROUTER, u8],
  mcastEhtHostsLimit: [IFLA_BRPORT.MCAST_EHT_HOSTS_LIMIT, u32],
  mcastEhtHostsCount: [IFLA_BRPORT.MCAST_EHT_HOSTS_CNT, u32],
  mrpRingOpen: [IFLA_BRPORT.MRP_RING_OPEN, u8],
  mrpInOpen: [IFLA_BRPORT.MRP_IN_OPEN, u8],
  rootId: [IFLA_BRPORT.ROOT_ID, bridgeId],
  bridgeId: [IFLA_BRPORT.BRIDGE_ID, bridgeId],
  designatedPort: [IFLA_BRPORT.DESIGNATED_PORT, u16],
  designatedCost: [IFLA_BRPORT.DESIGNATED_COST, u16],
  id: [IFLA_BRPORT.ID, u16],
  no: [IFLA_BRPORT.NO, u16],
  topologyChangeAck: [IFLA_BRPORT.TOPOLOGY_CHANGE_ACK, u8],
  configPending: [IFLA_BRPORT.CONFIG_PENDING, u8],
  messageAgeTimerCs: [IFLA_BRPORT.MESSAGE_AGE_TIMER, u64],
  forwardDelayTimerCs: [IFLA_BRPORT.FORWARD_DELAY_TIMER, u64],
  holdTimerCs: [IFLA_BRPORT.HOLD_TIMER, u64],
  flush: [IFLA_BRPORT.FLUSH, flag],
});
export type BridgePort = Infer<typeof bridgePort>;
