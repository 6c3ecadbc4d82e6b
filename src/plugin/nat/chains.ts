import { type NftChange, type NftView, nftChange } from "../../kernel/nft.ts";
import { comment, type Expr } from "../../netlink/nft/index.ts";
import { TABLE } from "./table.ts";

/** A rule and the text by which it is known: its comment. */
export interface NamedRule {
  readonly comment: string;
  readonly expressions: readonly Expr[];
}

/** What stands in a chain of ours now, by the rules' comments; empty when there is none. */
export const rulesOf = (view: NftView, name: string): Promise<string[]> => view.ruleComments(TABLE, name);

/** Changes that leave the chain with exactly these rules; none when it has them. */
export async function ensureChain(
  view: NftView,
  name: string,
  about: string,
  rules: readonly NamedRule[],
): Promise<NftChange[]> {
  const present = await rulesOf(view, name);
  if (present.length === rules.length && rules.every((rule, i) => rule.comment === present[i])) return [];
  return [
    nftChange.addChain(TABLE, name, undefined, comment(about)),
    nftChange.flushChain(TABLE, name),
    ...rules.map(({ expressions, comment: text }) =>
      nftChange.addRule(TABLE, name, { expressions, userdata: comment(text) }),
    ),
  ];
}
