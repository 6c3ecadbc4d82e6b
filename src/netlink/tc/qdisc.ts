import { attrs, fixedBytes, type Infer, type Input, merge, message, s32, struct, tagged, u32 } from "../wire/index.ts";
import { RTM, TCA } from "./constants.ts";
import { htb } from "./htb.ts";
import { tbf } from "./tbf.ts";
import { tcAttrs, tcmsg } from "./tcmsg.ts";

/** "ingress" and "clsact" only hold filters for what comes in (and, clsact, goes out). */
const empty = attrs({});

const byKind = tagged(
  { kind: TCA.KIND, data: TCA.OPTIONS },
  {
    tbf,
    htb,
    ingress: empty,
    clsact: empty,
    noqueue: empty,
    /** `struct tc_prio_qopt`: the band of each of the 16 priorities. */
    pfifo_fast: struct({ bands: s32, priorityMap: fixedBytes(16) }),
    /** `struct tc_fifo_qopt`: packets or bytes. */
    pfifo: struct({ limit: u32 }),
    bfifo: struct({ limit: u32 }),
  },
);

export const qdiscAttrs = merge(byKind, tcAttrs);
/** `{ kind: "tbf", data: {…} }` */
export type QdiscKind = Input<typeof byKind>;
export type QdiscAttrs = Infer<typeof qdiscAttrs>;

export const newQdisc = message([RTM.NEWQDISC, "RTM_NEWQDISC"], tcmsg, qdiscAttrs);
export const delQdisc = message([RTM.DELQDISC, "RTM_DELQDISC"], tcmsg, qdiscAttrs);
/** A dump lists those of all links, whatever `index` says. */
export const getQdisc = message([RTM.GETQDISC, "RTM_GETQDISC"], tcmsg, qdiscAttrs);
