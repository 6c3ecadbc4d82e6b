/** Numbers of sock_diag(7). */

// header: linux/sock_diag.h
export const SOCK_DIAG = { BY_FAMILY: 20 } as const;

// header: linux/inet_diag.h
export const INET_DIAG = {
  MEMINFO: 1,
  INFO: 2,
  CONG: 4,
  TOS: 5,
  TCLASS: 6,
  SKMEMINFO: 7,
  SHUTDOWN: 8,
  PROTOCOL: 10,
  SKV6ONLY: 11,
  MARK: 15,
  CLASS_ID: 17,
  CGROUP_ID: 21,
  SOCKOPT: 22,
} as const;

/** States of sockets of every protocol; the numbers are TCP's. */
// header: netinet/tcp.h
export const TCP = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
} as const;

// header: netinet/in.h
export const IPPROTO = { ICMP: 1, TCP: 6, UDP: 17, SCTP: 132, RAW: 255, UDPLITE: 136 } as const;
