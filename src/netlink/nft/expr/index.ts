import { type Infer, nested, tagged } from "../../wire/index.ts";
import { NFTA_EXPR } from "../constants.ts";
import { bitwise } from "./bitwise.ts";
import { cmp } from "./cmp.ts";
import { counter } from "./counter.ts";
import { ct } from "./ct.ts";
import { fib } from "./fib.ts";
import { immediate } from "./immediate.ts";
import { lookup } from "./lookup.ts";
import { masq } from "./masq.ts";
import { meta } from "./meta.ts";
import { nat } from "./nat.ts";
import { objref } from "./objref.ts";
import { payload } from "./payload.ts";
import { range } from "./range.ts";

/** The expressions that plugins write. Others read as `unknown`, with their bytes; `all.ts` knows them. */
export const written = {
  payload: nested(payload),
  cmp: nested(cmp),
  range: nested(range),
  bitwise: nested(bitwise),
  immediate: nested(immediate),
  lookup: nested(lookup),
  meta: nested(meta),
  ct: nested(ct),
  fib: nested(fib),
  nat: nested(nat),
  masq: nested(masq),
  counter: nested(counter),
  objref: nested(objref),
} as const;

export const expr = tagged({ kind: NFTA_EXPR.NAME, data: NFTA_EXPR.DATA }, written);
export type Expr = Infer<typeof expr>;
