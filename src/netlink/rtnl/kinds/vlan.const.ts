/** Numbers of links of kind "vlan". */

// header: linux/if_link.h
export const IFLA_VLAN = {
  ID: 1,
  FLAGS: 2,
  EGRESS_QOS: 3,
  INGRESS_QOS: 4,
  PROTOCOL: 5,
} as const;

// header: linux/if_link.h
export const IFLA_VLAN_QOS = {
  MAPPING: 1,
} as const;

// header: linux/if_vlan.h
export const VLAN_FLAG = {
  REORDER_HDR: 1,
  GVRP: 2,
  LOOSE_BINDING: 4,
  MVRP: 8,
  BRIDGE_BINDING: 16,
} as const;
