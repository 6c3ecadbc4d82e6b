import { attrs, type Infer, message, nested, tagged } from "../../wire/index.ts";
import { NFTA_EXPR } from "../constants.ts";
import { nfgenmsg, nftType } from "../header.ts";
import { ruleAttrs } from "../rule.ts";
import { byteorder } from "./byteorder.ts";
import { connlimit } from "./connlimit.ts";
import { dup } from "./dup.ts";
import { dynset } from "./dynset.ts";
import { exthdr } from "./exthdr.ts";
import { flowOffload } from "./flow-offload.ts";
import { fwd } from "./fwd.ts";
import { hash } from "./hash.ts";
import { written } from "./index.ts";
import { last } from "./last.ts";
import { limit } from "./limit.ts";
import { log } from "./log.ts";
import { numgen } from "./numgen.ts";
import { osf } from "./osf.ts";
import { queue } from "./queue.ts";
import { quota } from "./quota.ts";
import { redir } from "./redir.ts";
import { reject } from "./reject.ts";
import { rt } from "./rt.ts";
import { socket } from "./socket.ts";
import { synproxy } from "./synproxy.ts";
import { tproxy } from "./tproxy.ts";
import { match, target } from "./xt.ts";

/** Every expression that `tsnet` prints. Not for the way to a plugin's answer: it costs start-up. */
export const allExpr = tagged(
  { kind: NFTA_EXPR.NAME, data: NFTA_EXPR.DATA },
  {
    ...written,
    byteorder: nested(byteorder),
    connlimit: nested(connlimit),
    dup: nested(dup),
    dynset: nested(dynset),
    exthdr: nested(exthdr),
    fwd: nested(fwd),
    hash: nested(hash),
    last: nested(last),
    limit: nested(limit),
    log: nested(log),
    numgen: nested(numgen),
    osf: nested(osf),
    queue: nested(queue),
    quota: nested(quota),
    redir: nested(redir),
    reject: nested(reject),
    rt: nested(rt),
    socket: nested(socket),
    synproxy: nested(synproxy),
    tproxy: nested(tproxy),
    flow_offload: nested(flowOffload),
    match: nested(match),
    target: nested(target),
    /** `notrack`, `tcp option reset` and the like have no attributes. */
    notrack: nested(attrs({})),
  },
);
export type AnyExpr = Infer<typeof allExpr>;

const rule = ruleAttrs(allExpr);
/** A rule with every expression decoded, for printing. */
export const anyRule = message(nftType("NEWRULE"), nfgenmsg, rule);
export type AnyRule = Infer<typeof rule>;
