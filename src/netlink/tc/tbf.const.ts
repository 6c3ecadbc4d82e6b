/** Numbers of the token bucket filter. */

// header: linux/pkt_sched.h
export const TCA_TBF = {
  PARMS: 1,
  RTAB: 2,
  PTAB: 3,
  RATE64: 4,
  PRATE64: 5,
  BURST: 6,
  PBURST: 7,
} as const;
