/**
 * netlink-ts: netlink for TypeScript, under Bun and Node. `wire` declares messages, `socket` exchanges them with the kernel,
 * `rtnl`, `tc`, `nft`, `ctnetlink` and `sockDiag` are the message families, `ip` the text of addresses. One socket belongs to one network namespace.
 */
export { isSystemError, loadNative } from "../../native/load.ts";
export * as ip from "../ip/index.ts";
export * as ctnetlink from "./ctnetlink/index.ts";
export { type AnyExpr, type AnyRule, allExpr, anyRule } from "./nft/expr/all.ts";
export * as nft from "./nft/index.ts";
export * as rtnl from "./rtnl/index.ts";
export * as sockDiag from "./sock-diag/index.ts";
export * from "./socket/index.ts";
export * as tc from "./tc/index.ts";
export * as wire from "./wire/index.ts";
