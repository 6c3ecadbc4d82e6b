/** Numbers of a bridge's VLANs. */

// header: linux/if_bridge.h
export const IFLA_BRIDGE = {
  FLAGS: 0,
  MODE: 1,
  VLAN_INFO: 2,
  VLAN_TUNNEL_INFO: 3,
  MRP: 4,
  CFM: 5,
  MST: 6,
} as const;

// header: linux/if_bridge.h
export const BRIDGE_FLAGS = {
  MASTER: 1,
  SELF: 2,
} as const;

// header: linux/if_bridge.h
export const BRIDGE_VLAN_INFO = {
  MASTER: 1,
  PVID: 2,
  UNTAGGED: 4,
  RANGE_BEGIN: 8,
  RANGE_END: 16,
  BRENTRY: 32,
  ONLY_OPTS: 64,
} as const;
