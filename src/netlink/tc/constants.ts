/** Numbers that qdiscs, classes and filters share. */

// header: linux/rtnetlink.h
export const RTM = {
  NEWQDISC: 36,
  DELQDISC: 37,
  GETQDISC: 38,
  NEWTCLASS: 40,
  DELTCLASS: 41,
  GETTCLASS: 42,
  NEWTFILTER: 44,
  DELTFILTER: 45,
  GETTFILTER: 46,
} as const;

// header: linux/rtnetlink.h
export const TCA = {
  KIND: 1,
  OPTIONS: 2,
  STATS: 3,
  XSTATS: 4,
  RATE: 5,
  FCNT: 6,
  STATS2: 7,
  STAB: 8,
  DUMP_INVISIBLE: 10,
  CHAIN: 11,
  HW_OFFLOAD: 12,
  INGRESS_BLOCK: 13,
  EGRESS_BLOCK: 14,
  DUMP_FLAGS: 15,
  EXT_WARN_MSG: 16,
} as const;

// header: linux/gen_stats.h
export const TCA_STATS = {
  BASIC: 1,
  RATE_EST: 2,
  QUEUE: 3,
  APP: 4,
  RATE_EST64: 5,
  BASIC_HW: 7,
  PKT64: 8,
} as const;

// header: linux/pkt_sched.h
export const TC_H = {
  UNSPEC: 0,
  ROOT: 0xffff_ffff,
  /** Also the parent of filters of a clsact qdisc, with one of the minor numbers below. */
  INGRESS: 0xffff_fff1,
  CLSACT: 0xffff_fff1,
  MIN_INGRESS: 0xfff2,
  MIN_EGRESS: 0xfff3,
} as const;
