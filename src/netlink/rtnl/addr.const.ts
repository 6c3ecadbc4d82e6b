/** Numbers of address messages. */

// header: linux/if_addr.h
export const IFA = {
  ADDRESS: 1,
  LOCAL: 2,
  LABEL: 3,
  BROADCAST: 4,
  ANYCAST: 5,
  CACHEINFO: 6,
  MULTICAST: 7,
  FLAGS: 8,
  RT_PRIORITY: 9,
  TARGET_NETNSID: 10,
  PROTO: 11,
} as const;

// header: linux/if_addr.h
export const IFA_F = {
  SECONDARY: 1,
  TEMPORARY: 1,
  NODAD: 2,
  OPTIMISTIC: 4,
  DADFAILED: 8,
  HOMEADDRESS: 16,
  DEPRECATED: 32,
  TENTATIVE: 64,
  PERMANENT: 128,
  MANAGETEMPADDR: 256,
  NOPREFIXROUTE: 512,
  MCAUTOJOIN: 1024,
  STABLE_PRIVACY: 2048,
} as const;
