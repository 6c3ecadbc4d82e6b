import { type Infer, type Input, merge, message, tagged } from "../wire/index.ts";
import { RTM, TCA } from "./constants.ts";
import { htb } from "./htb.ts";
import { tcAttrs, tcmsg } from "./tcmsg.ts";

const byKind = tagged({ kind: TCA.KIND, data: TCA.OPTIONS }, { htb });

export const classAttrs = merge(byKind, tcAttrs);
export type ClassKind = Input<typeof byKind>;
export type ClassAttrs = Infer<typeof classAttrs>;

export const newClass = message([RTM.NEWTCLASS, "RTM_NEWTCLASS"], tcmsg, classAttrs);
export const delClass = message([RTM.DELTCLASS, "RTM_DELTCLASS"], tcmsg, classAttrs);
/** A dump of one link's. */
export const getClass = message([RTM.GETTCLASS, "RTM_GETTCLASS"], tcmsg, classAttrs);
