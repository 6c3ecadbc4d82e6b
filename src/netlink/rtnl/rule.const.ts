/** Numbers of policy-routing rules. */

// header: linux/fib_rules.h
export const FRA = {
  DST: 1,
  SRC: 2,
  IIFNAME: 3,
  IFNAME: 3,
  GOTO: 4,
  PRIORITY: 6,
  FWMARK: 10,
  FLOW: 11,
  TUN_ID: 12,
  SUPPRESS_IFGROUP: 13,
  SUPPRESS_PREFIXLEN: 14,
  TABLE: 15,
  FWMASK: 16,
  OIFNAME: 17,
  L3MDEV: 19,
  UID_RANGE: 20,
  PROTOCOL: 21,
  IP_PROTO: 22,
  SPORT_RANGE: 23,
  DPORT_RANGE: 24,
} as const;

// header: linux/fib_rules.h
export const FR_ACT = {
  TO_TBL: 1,
  GOTO: 2,
  NOP: 3,
  BLACKHOLE: 6,
  UNREACHABLE: 7,
  PROHIBIT: 8,
} as const;

// header: linux/fib_rules.h
export const FIB_RULE = {
  PERMANENT: 1,
  INVERT: 2,
  UNRESOLVED: 4,
  IIF_DETACHED: 8,
  DEV_DETACHED: 8,
  OIF_DETACHED: 16,
  FIND_SADDR: 65536,
} as const;
