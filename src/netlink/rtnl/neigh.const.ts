/** Numbers of neighbour and forwarding-table messages. */

// header: linux/neighbour.h
export const NDA = {
  DST: 1,
  LLADDR: 2,
  CACHEINFO: 3,
  PROBES: 4,
  VLAN: 5,
  PORT: 6,
  VNI: 7,
  IFINDEX: 8,
  MASTER: 9,
  LINK_NETNSID: 10,
  SRC_VNI: 11,
  PROTOCOL: 12,
  NH_ID: 13,
  FDB_EXT_ATTRS: 14,
  FLAGS_EXT: 15,
  NDM_STATE_MASK: 16,
  NDM_FLAGS_MASK: 17,
} as const;

// header: linux/neighbour.h
export const NTF = {
  USE: 1,
  SELF: 2,
  MASTER: 4,
  PROXY: 8,
  EXT_LEARNED: 16,
  OFFLOADED: 32,
  STICKY: 64,
  ROUTER: 128,
} as const;

// header: linux/neighbour.h
export const NUD = {
  INCOMPLETE: 1,
  REACHABLE: 2,
  STALE: 4,
  DELAY: 8,
  PROBE: 16,
  FAILED: 32,
  NOARP: 64,
  PERMANENT: 128,
  NONE: 0,
} as const;
