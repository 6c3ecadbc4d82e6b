/** Numbers of the hierarchical token bucket. */

// header: linux/pkt_sched.h
export const TCA_HTB = {
  PARMS: 1,
  INIT: 2,
  CTAB: 3,
  RTAB: 4,
  DIRECT_QLEN: 5,
  RATE64: 6,
  CEIL64: 7,
  OFFLOAD: 9,
} as const;
