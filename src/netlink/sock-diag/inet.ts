import { attrs, be16, bytes, cstring, fixedBytes, message, pad, struct, u8, u32 } from "../wire/index.ts";
import { INET_DIAG, SOCK_DIAG } from "./constants.ts";

/** Fields of `struct inet_diag_sockid`, linux/inet_diag.h. Of an IPv4 address the first four bytes count. */
const sockId = {
  srcPort: be16,
  dstPort: be16,
  src: fixedBytes(16),
  dst: fixedBytes(16),
  /** Index of the link it is bound to; 0 is none. */
  oif: u32,
  cookie0: u32,
  cookie1: u32,
};

/** `struct inet_diag_req_v2`. */
const request = struct({
  family: u8,
  protocol: u8,
  /** Bits `1 << (INET_DIAG_* - 1)`: what answers should have besides. */
  ext: u8,
  pad: pad(1),
  /** Bits `1 << TCP_*`. */
  states: u32,
  ...sockId,
});

/** `struct inet_diag_msg`. */
const answer = struct({
  family: u8,
  /** TCP_*. */
  state: u8,
  timer: u8,
  retrans: u8,
  ...sockId,
  /** Milliseconds until the timer runs out. */
  expires: u32,
  /** Bytes waiting to be read; of a listening socket the connections waiting to be accepted. */
  rqueue: u32,
  /** Bytes not yet acknowledged; of a listening socket how many may wait. */
  wqueue: u32,
  uid: u32,
  inode: u32,
});

const answerAttrs = attrs({
  memInfo: [INET_DIAG.MEMINFO, bytes],
  info: [INET_DIAG.INFO, bytes], // struct tcp_info
  congestion: [INET_DIAG.CONG, cstring],
  tos: [INET_DIAG.TOS, u8],
  tclass: [INET_DIAG.TCLASS, u8],
  skMemInfo: [INET_DIAG.SKMEMINFO, bytes],
  shutdown: [INET_DIAG.SHUTDOWN, u8],
  protocol: [INET_DIAG.PROTOCOL, u8],
  v6Only: [INET_DIAG.SKV6ONLY, u8],
  mark: [INET_DIAG.MARK, u32],
  classId: [INET_DIAG.CLASS_ID, u32],
  cgroupId: [INET_DIAG.CGROUP_ID, bytes],
  sockOpt: [INET_DIAG.SOCKOPT, bytes],
});

/** Asks for the sockets of one family and protocol; `ss`. */
export const getInetSocket = message([SOCK_DIAG.BY_FAMILY, "SOCK_DIAG_BY_FAMILY"], request, attrs({}));
export const inetSocket = message([SOCK_DIAG.BY_FAMILY, "SOCK_DIAG_BY_FAMILY"], answer, answerAttrs);
