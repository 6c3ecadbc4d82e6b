import { attrs, bytes, type Infer, type Input, indexed, merge, s32, struct, tagged, u32, u64 } from "../wire/index.ts";
import { TC_ACT, TCA_ACT, TCA_EGRESS, TCA_MIRRED } from "./action.const.ts";
import { stats2 } from "./tcmsg.ts";

/** Redirects or copies packets to another link, tc-mirred(8). */
const mirred = attrs({
  /** `struct tc_mirred`: `eaction` is TCA_EGRESS_* or TCA_INGRESS_*, `action` TC_ACT_* says what happens next. */
  parms: [
    TCA_MIRRED.PARMS,
    struct({ index: u32, capab: u32, action: s32, refcnt: s32, bindcnt: s32, eaction: s32, ifindex: u32 }),
  ],
  /** `struct tcf_t`: hundredths of a second ago. */
  times: [TCA_MIRRED.TM, struct({ installCs: u64, lastUseCs: u64, expiresCs: u64, firstUseCs: u64 })],
});

const action = merge(
  tagged({ kind: TCA_ACT.KIND, data: TCA_ACT.OPTIONS }, { mirred }),
  attrs({
    index: [TCA_ACT.INDEX, u32],
    stats: [TCA_ACT.STATS, stats2],
    cookie: [TCA_ACT.COOKIE, bytes],
    flags: [TCA_ACT.FLAGS, bytes],
    hwStats: [TCA_ACT.HW_STATS, bytes],
    usedHwStats: [TCA_ACT.USED_HW_STATS, bytes],
    inHwCount: [TCA_ACT.IN_HW_COUNT, u32],
  }),
);

/** What a filter does with its packets, in this order; attributes count from 1. */
export const actions = indexed(1, action);
export type Action = Infer<typeof action>;

/** Sends packets out of another link instead. Equivalent: `action mirred egress redirect dev IF`. */
export const redirectTo = (ifindex: number): Input<typeof action> => ({
  kind: "mirred",
  data: { parms: { action: TC_ACT.STOLEN, eaction: TCA_EGRESS.REDIR, ifindex } },
});
