import {
  type AttrsCodec,
  attrs,
  be32,
  be64,
  bytes,
  cstring,
  type Infer,
  list,
  message,
  nested,
  picked,
} from "../wire/index.ts";
import { NFTA_LIST, NFTA_RULE, NFTA_RULE_COMPAT } from "./constants.ts";
import { expr } from "./expr/index.ts";
import { nfgenmsg, nftType } from "./header.ts";

/** A rule's attributes over a list of expressions: those we write (`expr`), or all we can print (`expr/all.ts`). */
export function ruleAttrs<O, I>(expression: AttrsCodec<O, I>) {
  return attrs({
    table: [NFTA_RULE.TABLE, cstring],
    chain: [NFTA_RULE.CHAIN, cstring],
    handle: [NFTA_RULE.HANDLE, be64],
    expressions: [NFTA_RULE.EXPRESSIONS, nested(list(NFTA_LIST.ELEM, nested(expression)))],
    compat: [
      NFTA_RULE.COMPAT,
      nested(attrs({ proto: [NFTA_RULE_COMPAT.PROTO, be32], flags: [NFTA_RULE_COMPAT.FLAGS, be32] })),
    ],
    position: [NFTA_RULE.POSITION, be64], // handle of the rule before which, or after which, it goes
    userdata: [NFTA_RULE.USERDATA, bytes],
    pad: [NFTA_RULE.PAD, bytes],
    id: [NFTA_RULE.ID, be32],
    positionId: [NFTA_RULE.POSITION_ID, be32],
    chainId: [NFTA_RULE.CHAIN_ID, be32],
  });
}

const rule = ruleAttrs(expr);
export const newRule = message(nftType("NEWRULE"), nfgenmsg, rule);
export const getRule = message(nftType("GETRULE"), nfgenmsg, rule);
/** With a handle that rule; without, all rules of the chain. */
export const delRule = message(nftType("DELRULE"), nfgenmsg, rule);
export type NftRule = Infer<typeof rule>;

/** A rule without its expressions: reading them costs ten times as much as the rest. */
export const ruleHead = message(
  nftType("NEWRULE"),
  nfgenmsg,
  picked({
    chain: [NFTA_RULE.CHAIN, cstring],
    handle: [NFTA_RULE.HANDLE, be64],
    userdata: [NFTA_RULE.USERDATA, bytes],
  }),
);
