/** Numbers of namespace-ID messages. */

// header: linux/net_namespace.h
export const NETNSA = {
  NSID: 1,
  PID: 2,
  FD: 3,
  TARGET_NSID: 4,
  CURRENT_NSID: 5,
} as const;
