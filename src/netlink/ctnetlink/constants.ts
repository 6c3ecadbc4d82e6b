// header: linux/netfilter/nfnetlink.h
export const NFNL_SUBSYS = { CTNETLINK: 1 } as const;

// header: linux/netfilter/nfnetlink_conntrack.h
export const IPCTNL_MSG_CT = { NEW: 0, GET: 1, DELETE: 2 } as const;

// header: linux/netfilter/nfnetlink_conntrack.h
export const CTA = {
  TUPLE_ORIG: 1,
  TUPLE_REPLY: 2,
  STATUS: 3,
  TIMEOUT: 7,
  MARK: 8,
  COUNTERS_ORIG: 9,
  COUNTERS_REPLY: 10,
  ID: 12,
  ZONE: 18,
  FILTER: 25,
} as const;

// header: linux/netfilter/nfnetlink_conntrack.h
export const CTA_TUPLE = { IP: 1, PROTO: 2, ZONE: 3 } as const;

// header: linux/netfilter/nfnetlink_conntrack.h
export const CTA_IP = { V4_SRC: 1, V4_DST: 2, V6_SRC: 3, V6_DST: 4 } as const;

// header: linux/netfilter/nfnetlink_conntrack.h
export const CTA_PROTO = { NUM: 1, SRC_PORT: 2, DST_PORT: 3 } as const;

// header: linux/netfilter/nfnetlink_conntrack.h
export const CTA_COUNTERS = { PACKETS: 1, BYTES: 2, PAD: 5 } as const;

// header: linux/netfilter/nfnetlink_conntrack.h
export const CTA_FILTER = { ORIG_FLAGS: 1, REPLY_FLAGS: 2 } as const;

/** Which parts of a tuple a dump compares (kernel 5.8 and later). */
// header: none (net/netfilter/nf_internals.h of the kernel's sources)
export const CTA_FILTER_F_CTA = {
  IP_SRC: 1 << 0,
  IP_DST: 1 << 1,
  TUPLE_ZONE: 1 << 2,
  PROTO_NUM: 1 << 3,
  PROTO_SRC_PORT: 1 << 4,
  PROTO_DST_PORT: 1 << 5,
} as const;

// header: linux/netfilter/nf_conntrack_common.h
export const IPS = {
  EXPECTED: 0x1,
  SEEN_REPLY: 0x2,
  ASSURED: 0x4,
  CONFIRMED: 0x8,
  SRC_NAT: 0x10,
  DST_NAT: 0x20,
  DYING: 0x200,
} as const;
