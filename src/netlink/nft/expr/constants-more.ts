/** Attributes of the expressions that are only ever printed. */

// header: linux/netfilter/nf_tables.h
export const NFTA_LOG = { GROUP: 1, PREFIX: 2, SNAPLEN: 3, QTHRESHOLD: 4, LEVEL: 5, FLAGS: 6 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_LIMIT = { RATE: 1, UNIT: 2, BURST: 3, TYPE: 4, FLAGS: 5, PAD: 6 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_CONNLIMIT = { COUNT: 1, FLAGS: 2 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_REJECT = { TYPE: 1, ICMP_CODE: 2 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_BYTEORDER = { SREG: 1, DREG: 2, OP: 3, LEN: 4, SIZE: 5 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_REDIR = { REG_PROTO_MIN: 1, REG_PROTO_MAX: 2, FLAGS: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_TPROXY = { FAMILY: 1, REG_ADDR: 2, REG_PORT: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_QUEUE = { NUM: 1, TOTAL: 2, FLAGS: 3, SREG_QNUM: 4 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_NG = { DREG: 1, MODULUS: 2, TYPE: 3, OFFSET: 4, SET_NAME: 5, SET_ID: 6 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_HASH = {
  SREG: 1,
  DREG: 2,
  LEN: 3,
  MODULUS: 4,
  SEED: 5,
  OFFSET: 6,
  TYPE: 7,
  SET_NAME: 8,
  SET_ID: 9,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_DYNSET = {
  SET_NAME: 1,
  SET_ID: 2,
  OP: 3,
  SREG_KEY: 4,
  SREG_DATA: 5,
  TIMEOUT: 6,
  EXPR: 7,
  PAD: 8,
  FLAGS: 9,
  EXPRESSIONS: 10,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_QUOTA = { BYTES: 1, FLAGS: 2, PAD: 3, CONSUMED: 4 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_EXTHDR = { DREG: 1, TYPE: 2, OFFSET: 3, LEN: 4, FLAGS: 5, OP: 6, SREG: 7 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_RT = { DREG: 1, KEY: 2 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_SOCKET = { KEY: 1, DREG: 2, LEVEL: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_FLOW = { TABLE_NAME: 1 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_DUP = { SREG_ADDR: 1, SREG_DEV: 2 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_FWD = { SREG_DEV: 1, SREG_ADDR: 2, NFPROTO: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_SYNPROXY = { MSS: 1, WSCALE: 2, FLAGS: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_LAST = { SET: 1, MSECS: 2, PAD: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_OSF = { DREG: 1, TTL: 2, FLAGS: 3 } as const;

// header: linux/netfilter/nf_tables_compat.h
export const NFTA_TARGET = { NAME: 1, REV: 2, INFO: 3 } as const;

// header: linux/netfilter/nf_tables_compat.h
export const NFTA_MATCH = { NAME: 1, REV: 2, INFO: 3 } as const;
