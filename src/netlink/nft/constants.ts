/** Numbers of nf_tables that every message needs; those of single expressions are in `expr/*.const.ts`. */

// header: linux/netfilter/nfnetlink.h
export const NFNL_SUBSYS = { CTNETLINK: 1, NFTABLES: 10 } as const;

// header: linux/netlink.h, linux/netfilter/nfnetlink.h
export const NFNL_MSG = { BATCH_BEGIN: 16, BATCH_END: 17 } as const;

// header: linux/netfilter/nfnetlink.h
export const NFNL_BATCH = { GENID: 1 } as const;

// header: linux/netfilter.h
export const NFPROTO = { INET: 1, IPV4: 2, ARP: 3, NETDEV: 5, BRIDGE: 7, IPV6: 10 } as const;

// header: linux/netfilter.h
export const NF_INET = { PRE_ROUTING: 0, LOCAL_IN: 1, FORWARD: 2, LOCAL_OUT: 3, POST_ROUTING: 4, INGRESS: 5 } as const;

// header: linux/netfilter/nf_tables.h
export const NFT_MSG = {
  NEWTABLE: 0,
  GETTABLE: 1,
  DELTABLE: 2,
  NEWCHAIN: 3,
  GETCHAIN: 4,
  DELCHAIN: 5,
  NEWRULE: 6,
  GETRULE: 7,
  DELRULE: 8,
  NEWSET: 9,
  GETSET: 10,
  DELSET: 11,
  NEWSETELEM: 12,
  GETSETELEM: 13,
  DELSETELEM: 14,
  NEWGEN: 15,
  GETGEN: 16,
  TRACE: 17,
  NEWOBJ: 18,
  GETOBJ: 19,
  DELOBJ: 20,
  NEWFLOWTABLE: 22,
  GETFLOWTABLE: 23,
  DELFLOWTABLE: 24,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_LIST = { ELEM: 1 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_TABLE = { NAME: 1, FLAGS: 2, USE: 3, HANDLE: 4, PAD: 5, USERDATA: 6, OWNER: 7 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_HOOK = { HOOKNUM: 1, PRIORITY: 2, DEV: 3, DEVS: 4 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_DEVICE = { NAME: 1 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_CHAIN = {
  TABLE: 1,
  HANDLE: 2,
  NAME: 3,
  HOOK: 4,
  POLICY: 5,
  USE: 6,
  TYPE: 7,
  COUNTERS: 8,
  PAD: 9,
  FLAGS: 10,
  ID: 11,
  USERDATA: 12,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_RULE = {
  TABLE: 1,
  CHAIN: 2,
  HANDLE: 3,
  EXPRESSIONS: 4,
  COMPAT: 5,
  POSITION: 6,
  USERDATA: 7,
  PAD: 8,
  ID: 9,
  POSITION_ID: 10,
  CHAIN_ID: 11,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_RULE_COMPAT = { PROTO: 1, FLAGS: 2 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_EXPR = { NAME: 1, DATA: 2 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_DATA = { VALUE: 1, VERDICT: 2 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_VERDICT = { CODE: 1, CHAIN: 2, CHAIN_ID: 3 } as const;

// header: linux/netfilter/nf_tables.h
export const NFT_DATA = { VALUE: 0, VERDICT: 0xffff_ff00 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_SET = {
  TABLE: 1,
  NAME: 2,
  FLAGS: 3,
  KEY_TYPE: 4,
  KEY_LEN: 5,
  DATA_TYPE: 6,
  DATA_LEN: 7,
  POLICY: 8,
  DESC: 9,
  ID: 10,
  TIMEOUT: 11,
  GC_INTERVAL: 12,
  USERDATA: 13,
  PAD: 14,
  OBJ_TYPE: 15,
  HANDLE: 16,
  EXPR: 17,
  EXPRESSIONS: 18,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFT_SET = {
  ANONYMOUS: 0x1,
  CONSTANT: 0x2,
  INTERVAL: 0x4,
  MAP: 0x8,
  TIMEOUT: 0x10,
  EVAL: 0x20,
  OBJECT: 0x40,
  CONCAT: 0x80,
  EXPR: 0x100,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_SET_DESC = { SIZE: 1, CONCAT: 2 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_SET_FIELD = { LEN: 1 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_SET_ELEM_LIST = { TABLE: 1, SET: 2, ELEMENTS: 3, SET_ID: 4 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_SET_ELEM = {
  KEY: 1,
  DATA: 2,
  FLAGS: 3,
  TIMEOUT: 4,
  EXPIRATION: 5,
  USERDATA: 6,
  EXPR: 7,
  PAD: 8,
  OBJREF: 9,
  KEY_END: 10,
  EXPRESSIONS: 11,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFT_SET_ELEM = { INTERVAL_END: 0x1, CATCHALL: 0x2 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_GEN = { ID: 1, PROC_PID: 2, PROC_NAME: 3 } as const;

/** Numbers `nft` gives to types of values; the kernel stores them without looking. A concatenation shifts by six bits. */
// header: none (nft's own, libnftables)
export const TYPE = {
  VERDICT: 1,
  NFPROTO: 2,
  IPADDR: 7,
  IP6ADDR: 8,
  ETHERADDR: 9,
  ETHERTYPE: 10,
  INET_PROTOCOL: 12,
  INET_SERVICE: 13,
  MARK: 19,
  IFNAME: 41,
} as const;

/** Types in the user data of tables, chains, rules, sets and elements: one byte type, one byte length, value. */
// header: none (libnftnl's udata.h, not among the kernel's headers)
export const UDATA = {
  /** Of everything but sets. */
  COMMENT: 0,
  SET_KEYBYTEORDER: 0,
  SET_DATABYTEORDER: 1,
  SET_MERGE_ELEMENTS: 2,
  SET_KEY_TYPEOF: 3,
  SET_DATA_TYPEOF: 4,
  SET_EXPR: 5,
  SET_DATA_INTERVAL: 6,
  SET_COMMENT: 7,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_OBJ = { TABLE: 1, NAME: 2, TYPE: 3, DATA: 4, USE: 5, HANDLE: 6, PAD: 7, USERDATA: 8 } as const;

// header: linux/netfilter/nf_tables.h
export const NFT_OBJECT = {
  COUNTER: 1,
  QUOTA: 2,
  CT_HELPER: 3,
  LIMIT: 4,
  CONNLIMIT: 5,
  TUNNEL: 6,
  CT_TIMEOUT: 7,
  SECMARK: 8,
  CT_EXPECT: 9,
  SYNPROXY: 10,
} as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_FLOWTABLE = { TABLE: 1, NAME: 2, HOOK: 3, USE: 4, HANDLE: 5, PAD: 6, FLAGS: 7 } as const;

// header: linux/netfilter/nf_tables.h
export const NFTA_FLOWTABLE_HOOK = { NUM: 1, PRIORITY: 2, DEVS: 3 } as const;
