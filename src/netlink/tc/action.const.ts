/** Numbers of actions. */

// header: linux/tc_act/tc_mirred.h
export const TCA_MIRRED = {
  TM: 1,
  PARMS: 2,
} as const;

// header: linux/tc_act/tc_mirred.h
export const TCA_EGRESS = {
  REDIR: 1,
  MIRROR: 2,
} as const;

// header: linux/tc_act/tc_mirred.h
export const TCA_INGRESS = {
  REDIR: 3,
  MIRROR: 4,
} as const;

// header: linux/pkt_cls.h
export const TCA_ACT = {
  KIND: 1,
  OPTIONS: 2,
  INDEX: 3,
  STATS: 4,
  COOKIE: 6,
  FLAGS: 7,
  HW_STATS: 8,
  USED_HW_STATS: 9,
  IN_HW_COUNT: 10,
} as const;

// header: linux/pkt_cls.h
export const TC_ACT = {
  UNSPEC: 4294967295,
  OK: 0,
  RECLASSIFY: 1,
  SHOT: 2,
  PIPE: 3,
  STOLEN: 4,
  QUEUED: 5,
  REPEAT: 6,
  REDIRECT: 7,
  TRAP: 8,
  JUMP: 268435456,
  GOTO_CHAIN: 536870912,
} as const;
