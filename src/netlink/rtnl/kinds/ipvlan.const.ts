/** Numbers of links of kind "ipvlan". */

// header: linux/if_link.h
export const IFLA_IPVLAN = {
  MODE: 1,
  FLAGS: 2,
} as const;

// header: linux/if_link.h
export const IPVLAN_MODE = {
  L2: 0,
  L3: 1,
  L3S: 2,
} as const;

// header: linux/if_link.h
export const IPVLAN_F = {
  PRIVATE: 1,
  VEPA: 2,
} as const;
