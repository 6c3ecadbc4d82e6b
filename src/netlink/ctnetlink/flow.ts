import {
  attrs,
  be16,
  be32,
  be64,
  bytes,
  type Infer,
  ipv4,
  ipv6,
  message,
  nested,
  struct,
  u8,
  u32,
} from "../wire/index.ts";
import {
  CTA,
  CTA_COUNTERS,
  CTA_FILTER,
  CTA_IP,
  CTA_PROTO,
  CTA_TUPLE,
  IPCTNL_MSG_CT,
  NFNL_SUBSYS,
} from "./constants.ts";

/** `struct nfgenmsg`, linux/netfilter/nfnetlink.h. `family` is AF_INET, AF_INET6 or 0 for both. */
const nfgenmsg = struct({ family: u8, version: u8, resId: be16 });

/** One direction of a flow, as its first packet would look. */
const tuple = attrs({
  ip: [
    CTA_TUPLE.IP,
    nested(
      attrs({
        src4: [CTA_IP.V4_SRC, ipv4],
        dst4: [CTA_IP.V4_DST, ipv4],
        src6: [CTA_IP.V6_SRC, ipv6],
        dst6: [CTA_IP.V6_DST, ipv6],
      }),
    ),
  ],
  proto: [
    CTA_TUPLE.PROTO,
    nested(
      attrs({ num: [CTA_PROTO.NUM, u8], srcPort: [CTA_PROTO.SRC_PORT, be16], dstPort: [CTA_PROTO.DST_PORT, be16] }),
    ),
  ],
  zone: [CTA_TUPLE.ZONE, be16],
});
export type FlowTuple = Infer<typeof tuple>;

const counters = attrs({
  packets: [CTA_COUNTERS.PACKETS, be64],
  bytes: [CTA_COUNTERS.BYTES, be64],
  pad: [CTA_COUNTERS.PAD, bytes],
});

const flow = attrs({
  original: [CTA.TUPLE_ORIG, nested(tuple)],
  reply: [CTA.TUPLE_REPLY, nested(tuple)],
  status: [CTA.STATUS, be32], // IPS
  timeout: [CTA.TIMEOUT, be32], // seconds left
  mark: [CTA.MARK, be32],
  countersOriginal: [CTA.COUNTERS_ORIG, nested(counters)],
  countersReply: [CTA.COUNTERS_REPLY, nested(counters)],
  id: [CTA.ID, be32],
  zone: [CTA.ZONE, be16],
  /** In a dump: which parts of `original` and `reply` must match, in the byte order of the host. */
  filter: [
    CTA.FILTER,
    nested(attrs({ originalFlags: [CTA_FILTER.ORIG_FLAGS, u32], replyFlags: [CTA_FILTER.REPLY_FLAGS, u32] })),
  ],
});

const type = (name: keyof typeof IPCTNL_MSG_CT): [number, string] => [
  (NFNL_SUBSYS.CTNETLINK << 8) | IPCTNL_MSG_CT[name],
  `IPCTNL_MSG_CT_${name}`,
];

export const newFlow = message(type("NEW"), nfgenmsg, flow);
export const getFlow = message(type("GET"), nfgenmsg, flow);
/** With an id as well, so that a flow that took the place of the one that was seen is left alone. */
export const delFlow = message(type("DELETE"), nfgenmsg, flow);
export type Flow = Infer<typeof flow>;
