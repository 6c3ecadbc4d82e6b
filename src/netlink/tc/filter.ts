import { type Infer, type Input, merge, message, tagged } from "../wire/index.ts";
import { RTM, TCA } from "./constants.ts";
import { tcAttrs, tcmsg } from "./tcmsg.ts";
import { u32Filter } from "./u32.ts";

const byKind = tagged({ kind: TCA.KIND, data: TCA.OPTIONS }, { u32: u32Filter });

export const filterAttrs = merge(byKind, tcAttrs);
export type FilterKind = Input<typeof byKind>;
export type FilterAttrs = Infer<typeof filterAttrs>;

export const newFilter = message([RTM.NEWTFILTER, "RTM_NEWTFILTER"], tcmsg, filterAttrs);
export const delFilter = message([RTM.DELTFILTER, "RTM_DELTFILTER"], tcmsg, filterAttrs);
/** A dump of one link's and parent's. */
export const getFilter = message([RTM.GETTFILTER, "RTM_GETTFILTER"], tcmsg, filterAttrs);
