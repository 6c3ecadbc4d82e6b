/**
 * nf_tables over netlink: tables, chains, rules, sets and maps, batches. linux/netfilter/nf_tables.h; nft(8) describes
 * what the objects do. Expressions that are only printed are in `expr/all.ts`.
 */

export { chainHead, delChain, getChain, type NftChain, type NftChainHead, newChain } from "./chain.ts";
export {
  NF_INET,
  NFNL_SUBSYS,
  NFPROTO,
  NFT_DATA,
  NFT_OBJECT,
  NFT_SET,
  NFT_SET_ELEM,
  NFTA_HOOK,
  TYPE,
  UDATA,
} from "./constants.ts";
export { type Data, data, type Verdict, verdict } from "./data.ts";
export {
  delElements,
  getElements,
  leadingKey,
  type NftElement,
  type NftElements,
  newElements,
  someElements,
} from "./element.ts";
export { NFTA_FIB_F } from "./expr/constants.ts";
export { type Expr, expr } from "./expr/index.ts";
export { batchBegin, batchEnd, getGen, newGen } from "./generation.ts";
export { family, type NftFamily, nfgenmsg, nftType } from "./header.ts";
export { delObject, getObject, type NftObject, newObject } from "./object.ts";
export { delRule, getRule, type NftRule, newRule, ruleAttrs, ruleHead } from "./rule.ts";
export { delSet, getSet, type NftSet, newSet } from "./set.ts";
export { delTable, getTable, type NftTable, newTable } from "./table.ts";
export { comment, commentEntry, commentOf, parseUserData, type UserData, userData } from "./udata.ts";
