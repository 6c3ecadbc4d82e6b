/** Numbers of links of kind "macvlan". */

// header: linux/if_link.h
export const IFLA_MACVLAN = {
  MODE: 1,
  FLAGS: 2,
  MACADDR_MODE: 3,
  MACADDR: 4,
  MACADDR_DATA: 5,
  MACADDR_COUNT: 6,
  BC_QUEUE_LEN: 7,
  BC_QUEUE_LEN_USED: 8,
} as const;

// header: linux/if_link.h
export const MACVLAN_MODE = {
  PRIVATE: 1,
  VEPA: 2,
  BRIDGE: 4,
  PASSTHRU: 8,
  SOURCE: 16,
} as const;

// header: linux/if_link.h
export const MACVLAN_FLAG = {
  NOPROMISC: 1,
  NODST: 2,
} as const;
