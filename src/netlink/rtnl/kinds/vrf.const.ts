/** Numbers of links of kind "vrf". */

// header: linux/if_link.h
export const IFLA_VRF = {
  TABLE: 1,
} as const;

// header: linux/if_link.h
export const IFLA_VRF_PORT = {
  TABLE: 1,
} as const;
