import { attrs, bytes, type Infer, type Input, struct, u32, u64 } from "../wire/index.ts";
import { TCA_HTB } from "./htb.const.ts";
import { rateOf, ratespec, ticksOf } from "./rate.ts";

/** Hierarchical token bucket, tc-htb(8): `init` of the qdisc, the rest of its classes. */
export const htb = attrs({
  /** `struct tc_htb_glob`. */
  init: [TCA_HTB.INIT, struct({ version: u32, rate2quantum: u32, defaultClass: u32, debug: u32, directPackets: u32 })],
  directQlen: [TCA_HTB.DIRECT_QLEN, u32],
  /** `struct tc_htb_opt`: buffers in ticks, quantum in bytes. */
  parms: [
    TCA_HTB.PARMS,
    struct({ rate: ratespec, ceil: ratespec, buffer: u32, cbuffer: u32, quantum: u32, level: u32, prio: u32 }),
  ],
  rate64: [TCA_HTB.RATE64, u64],
  ceil64: [TCA_HTB.CEIL64, u64],
  /** See `rtab` of tbf. */
  rtab: [TCA_HTB.RTAB, bytes],
  ctab: [TCA_HTB.CTAB, bytes],
});
export type Htb = Infer<typeof htb>;

/** HTB_VER >> 16 of net/sched/sch_htb.c: the one version that kernels accept. */
const VERSION = 3;

/** Equivalent: `tc qdisc add dev IF root handle H: htb default MINOR`. @param defaultClass 0 lets other packets pass unshaped */
export const htbQdisc = (defaultClass: number): Input<typeof htb> => ({
  init: { version: VERSION, rate2quantum: 10, defaultClass },
});

export interface HtbClassSpec {
  rateBytesPerSec: number;
  /** What it may borrow up to; the rate when absent. */
  ceilBytesPerSec?: number | undefined;
  burstBytes: number;
  /** `burstBytes` when absent. */
  cburstBytes?: number | undefined;
  /** The smaller is served first. */
  prio?: number | undefined;
  quantumBytes?: number | undefined;
}

/** Equivalent: `tc class add … htb rate R ceil C burst B cburst CB prio P`. */
export function htbClass(spec: HtbClassSpec): Input<typeof htb> {
  const ceilBytesPerSec = spec.ceilBytesPerSec ?? spec.rateBytesPerSec;
  const rate = rateOf(spec.rateBytesPerSec);
  const ceil = rateOf(ceilBytesPerSec);
  return {
    rate64: rate.rate64,
    ceil64: ceil.rate64,
    parms: {
      rate: rate.spec,
      ceil: ceil.spec,
      buffer: ticksOf(spec.burstBytes, spec.rateBytesPerSec),
      cbuffer: ticksOf(spec.cburstBytes ?? spec.burstBytes, ceilBytesPerSec),
      quantum: spec.quantumBytes,
      prio: spec.prio,
    },
  };
}
