import { s16, struct, u8, u16, u32 } from "../wire/index.ts";

/** `struct tc_ratespec`, linux/pkt_sched.h. */
export const ratespec = struct({
  /** A cell of the rate table has 2^cellLog bytes. Without meaning when `linklayer` is given. */
  cellLog: u8,
  /** 1 Ethernet, 2 ATM. 0 makes the kernel guess from a rate table, which must then be there. */
  linklayer: u8,
  overhead: u16,
  cellAlign: s16,
  mpu: u16,
  /** Bytes per second; all bits set when it is more and stands in the 64-bit attribute. */
  rate: u32,
});

export const LINKLAYER_ETHERNET = 1;
export const MAX_U32 = 0xffff_ffff;

/** The `ratespec` of a rate in bytes per second, and the 64-bit attribute for one that does not fit. */
export function rateOf(bytesPerSec: number): {
  spec: { linklayer: number; rate: number };
  rate64: bigint | undefined;
} {
  const rate = Math.round(bytesPerSec);
  if (!(rate > 0 && Number.isSafeInteger(rate))) throw new RangeError(`${bytesPerSec} bytes per second is no rate`);
  return {
    spec: { linklayer: LINKLAYER_ETHERNET, rate: Math.min(rate, MAX_U32) },
    rate64: rate >= MAX_U32 ? BigInt(rate) : undefined,
  };
}

/** Nanoseconds of one tick of the packet scheduler: 2^PSCHED_SHIFT (net/pkt_sched.h); /proc/net/psched tells the same. */
const TICK_NS = 64;

/** The time that `bytes` take at a rate, in ticks, as buffers are given. RangeError when it does not fit (274 s). */
export function ticksOf(bytes: number, bytesPerSec: number): number {
  const ticks = Math.trunc((bytes * 1e9) / bytesPerSec / TICK_NS);
  if (!(ticks >= 0 && ticks <= MAX_U32))
    throw new RangeError(`${bytes} bytes at ${bytesPerSec} bytes per second take longer than the kernel can count`);
  return ticks;
}

/**
 * `buffer` of a token bucket whose size in bytes is given beside it (TCA_TBF_BURST) and counts instead: a bucket that takes
 * longer to fill than 32 bits hold is as long as they can say.
 */
export const bufferTicks = (burstBytes: number, bytesPerSec: number): number =>
  Math.min(Math.trunc((burstBytes * 1e9) / bytesPerSec / TICK_NS), MAX_U32);

/** What a buffer of so many ticks holds at a rate, in bytes. */
export const bytesOfTicks = (ticks: number, bytesPerSec: number): number =>
  Math.round((ticks * TICK_NS * bytesPerSec) / 1e9);
