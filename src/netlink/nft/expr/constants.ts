/** Attributes and values of the expressions we write. */

// header: linux/netfilter/nf_tables.h
export const NFTA_PAYLOAD = {
  DREG: 1,
  BASE: 2,
  OFFSET: 3,
  LEN: 4,
  SREG: 5,
  CSUM_TYPE: 6,
  CSUM_OFFSET: 7,
  CSUM_FLAGS: 8,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_CMP = { SREG: 1, OP: 2, DATA: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_BITWISE = { SREG: 1, DREG: 2, LEN: 3, MASK: 4, XOR: 5, OP: 6, DATA: 7 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_IMMEDIATE = { DREG: 1, DATA: 2 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_LOOKUP = { SET: 1, SREG: 2, DREG: 3, SET_ID: 4, FLAGS: 5 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_META = { DREG: 1, KEY: 2, SREG: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_CT = { DREG: 1, KEY: 2, DIRECTION: 3, SREG: 4 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_FIB = { DREG: 1, RESULT: 2, FLAGS: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_NAT = {
  TYPE: 1,
  FAMILY: 2,
  REG_ADDR_MIN: 3,
  REG_ADDR_MAX: 4,
  REG_PROTO_MIN: 5,
  REG_PROTO_MAX: 6,
  FLAGS: 7,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_MASQ = { FLAGS: 1, REG_PROTO_MIN: 2, REG_PROTO_MAX: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_COUNTER = { BYTES: 1, PACKETS: 2, PAD: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_RANGE = { SREG: 1, OP: 2, FROM_DATA: 3, TO_DATA: 4 } as const;

// header: linux/netfilter/nf_tables.h
export const NFT_META = {
  LEN: 0,
  PROTOCOL: 1,
  PRIORITY: 2,
  MARK: 3,
  IIF: 4,
  OIF: 5,
  IIFNAME: 6,
  OIFNAME: 7,
  IFTYPE: 8,
  OIFTYPE: 9,
  SKUID: 10,
  SKGID: 11,
  NFTRACE: 12,
  RTCLASSID: 13,
  SECMARK: 14,
  NFPROTO: 15,
  L4PROTO: 16,
  BRI_IIFNAME: 17,
  BRI_OIFNAME: 18,
  PKTTYPE: 19,
  CPU: 20,
  IIFGROUP: 21,
  OIFGROUP: 22,
  CGROUP: 23,
  PRANDOM: 24,
  SECPATH: 25,
  IIFKIND: 26,
  OIFKIND: 27,
  BRI_IIFPVID: 28,
  BRI_IIFVPROTO: 29,
  TIME_NS: 30,
  TIME_DAY: 31,
  TIME_HOUR: 32,
  SDIF: 33,
  SDIFNAME: 34,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFT_CT = {
  STATE: 0,
  DIRECTION: 1,
  STATUS: 2,
  MARK: 3,
  SECMARK: 4,
  EXPIRATION: 5,
  HELPER: 6,
  L3PROTOCOL: 7,
  SRC: 8,
  DST: 9,
  PROTOCOL: 10,
  PROTO_SRC: 11,
  PROTO_DST: 12,
  LABELS: 13,
  PKTS: 14,
  BYTES: 15,
  AVGPKT: 16,
  ZONE: 17,
  EVENTMASK: 18,
  SRC_IP: 19,
  DST_IP: 20,
  SRC_IP6: 21,
  DST_IP6: 22,
  ID: 23,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_FIB_F = { SADDR: 1, DADDR: 2, MARK: 4, IIF: 8, OIF: 16, PRESENT: 32 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_OBJREF = { IMM_TYPE: 1, IMM_NAME: 2, SET_SREG: 3, SET_NAME: 4, SET_ID: 5 } as const;
