import { attrs, bytes, pad, s32, struct, u8, u32, u64 } from "../wire/index.ts";
import { TCA, TCA_STATS } from "./constants.ts";

/** `struct tcmsg`, linux/rtnetlink.h. */
export const tcmsg = struct({
  family: u8,
  pad: pad(3),
  /** Index of the link. */
  index: s32,
  /** Major number in the upper 16 bits, minor in the lower: see handle.ts. */
  handle: u32,
  parent: u32,
  /** Filters: priority in the upper 16 bits, protocol (big-endian) in the lower. Qdiscs: number of users. */
  info: u32,
});

/** TCA_STATS2, linux/gen_stats.h. */
export const stats2 = attrs({
  basic: [TCA_STATS.BASIC, struct({ bytes: u64, packets: u32, pad: pad(4) })],
  basicHw: [TCA_STATS.BASIC_HW, struct({ bytes: u64, packets: u32, pad: pad(4) })],
  packets64: [TCA_STATS.PKT64, u64],
  queue: [TCA_STATS.QUEUE, struct({ qlen: u32, backlog: u32, drops: u32, requeues: u32, overlimits: u32 })],
  rateEstimate: [TCA_STATS.RATE_EST, struct({ bytesPerSec: u32, packetsPerSec: u32 })],
  rateEstimate64: [TCA_STATS.RATE_EST64, struct({ bytesPerSec: u64, packetsPerSec: u64 })],
  /** The kind's own. */
  app: [TCA_STATS.APP, bytes],
});

/** What qdiscs, classes and filters of every kind have. */
export const tcAttrs = attrs({
  stats2: [TCA.STATS2, stats2],
  /** `struct tc_stats`: the same in 32 bits. */
  stats: [TCA.STATS, bytes],
  xstats: [TCA.XSTATS, bytes],
  chain: [TCA.CHAIN, u32],
  ingressBlock: [TCA.INGRESS_BLOCK, u32],
  egressBlock: [TCA.EGRESS_BLOCK, u32],
  hwOffload: [TCA.HW_OFFLOAD, u8],
});
