import { attrs, bytes, type Infer, type Input, struct, u32, u64 } from "../wire/index.ts";
import { bufferTicks, MAX_U32, rateOf, ratespec } from "./rate.ts";
import { TCA_TBF } from "./tbf.const.ts";

/** Token bucket filter, tc-tbf(8). */
export const tbf = attrs({
  /** `struct tc_tbf_qopt`: `limit` and `mtu` of bytes and ticks, `buffer` in ticks. */
  parms: [TCA_TBF.PARMS, struct({ rate: ratespec, peakrate: ratespec, limit: u32, buffer: u32, mtu: u32 })],
  /** Bytes; counts instead of `buffer`. */
  burst: [TCA_TBF.BURST, u32],
  pburst: [TCA_TBF.PBURST, u32],
  /** Bytes per second, when they do not fit in 32 bits. */
  rate64: [TCA_TBF.RATE64, u64],
  prate64: [TCA_TBF.PRATE64, u64],
  /** 256 times in ticks; kernels since 3.8 only look whether they follow ATM. */
  rtab: [TCA_TBF.RTAB, bytes],
  ptab: [TCA_TBF.PTAB, bytes],
});
export type Tbf = Infer<typeof tbf>;

export interface TbfSpec {
  /** Bytes per second on the wire. */
  rateBytesPerSec: number;
  /** Bucket size; below rate/HZ the kernel cannot reach the rate (tc-tbf(8), "burst"). */
  burstBytes: number;
  /** Bytes that may wait; instead of it `latencyMs`. */
  limitBytes?: number | undefined;
  /** Longest time a packet may wait: the limit is rate times latency plus burst. */
  latencyMs?: number | undefined;
}

/**
 * Limits the egress of a link. Equivalent: `tc qdisc replace dev IF root tbf rate R burst B latency L`. RangeError when
 * neither limit nor latency is given, or one of them is out of range.
 */
export function tbfOptions(spec: TbfSpec): Input<typeof tbf> {
  const { rateBytesPerSec, burstBytes, limitBytes, latencyMs } = spec;
  if (limitBytes === undefined && latencyMs === undefined)
    throw new RangeError("a token bucket needs limitBytes or latencyMs");
  const { spec: rate, rate64 } = rateOf(rateBytesPerSec);
  const limit = limitBytes ?? Math.trunc((rateBytesPerSec * (latencyMs ?? 0)) / 1000 + burstBytes);
  return {
    parms: { rate, limit: Math.min(limit, MAX_U32), buffer: bufferTicks(burstBytes, rateBytesPerSec) },
    rate64,
    burst: burstBytes,
  };
}
