import {
  type BaseChain,
  type NftChange,
  type NftView,
  nftChange,
  nftLookup,
  type RuleSpec,
  type TableRef,
} from "../../kernel/nft.ts";
import { comment, commentOf, type Expr, type NftChainHead } from "../../netlink/nft/index.ts";
import { checkFailed } from "../check.ts";
import { type SetSpec, TABLE } from "./table.ts";

/** Sets and chains that all attachments of a host use together: made when needed, never taken away. */
export interface SharedPart {
  /** Our table for addresses and ports, where no other is named. */
  readonly table?: TableRef;
  readonly sets: readonly SetSpec[];
  /** In an order in which each jumps only to earlier ones. */
  readonly chains: readonly SharedChain[];
}

export interface SharedChain {
  readonly name: string;
  readonly base?: BaseChain;
  /** Its rules and the jumps of the part to it: what the kernel counts in NFTA_CHAIN_USE. */
  readonly uses: number;
  readonly rules: readonly (readonly Expr[])[];
}

/** Stands in the comment of each shared chain; one more whenever rules or sets change. */
const VERSION = "tsnet1 shared 1";

/**
 * What a transaction must change so that the part stands whole: nothing, mostly. Chains that are absent, of another version
 * or without some of their rules are made anew, all together, for they jump to each other.
 */
export async function ensureShared(view: NftView, part: SharedPart): Promise<NftChange[]> {
  const table = part.table ?? TABLE;
  const found = await view.findAll(part.chains.map(({ name }) => nftLookup.chainHead(table, name)));
  if (part.chains.every((chain, i) => isWhole(found[i], chain))) return [];
  const present = found.flatMap((chain) => (chain?.name === undefined ? [] : [chain.name]));
  return [
    nftChange.addTable(table, comment("tsnet: published ports, masquerading")),
    ...present.map((name) => nftChange.flushChain(table, name)),
    ...present.toReversed().map((name) => nftChange.delChain(table, name)),
    ...part.sets.map((set, i) => nftChange.addSet(table, { ...set, id: i + 1 })),
    ...part.chains.map(({ name, base }) => nftChange.addChain(table, name, base, comment(VERSION))),
    ...part.chains.flatMap(({ name, rules }) =>
      rules.map((expressions): NftChange => nftChange.addRule(table, name, { expressions } satisfies RuleSpec)),
    ),
  ];
}

/** A chain counts its rules and the jumps to it, so a rule that is missing shows without listing any. */
const isWhole = (found: NftChainHead | undefined, { uses }: SharedChain): boolean =>
  found !== undefined && found.use === uses && commentOf(found.userdata) === VERSION;

/** CHECK: every chain stands with exactly its rules. CniError 101 names what differs. */
export async function checkShared(view: NftView, part: SharedPart): Promise<void> {
  const table = part.table ?? TABLE;
  for (const chain of part.chains) {
    const rules = await view.rules(table, chain.name);
    const same =
      rules.length === chain.rules.length && chain.rules.every((rule, i) => contains(rules[i]?.expressions, rule));
    if (!same)
      throw checkFailed(
        `nft chain "${table.family} ${table.table} ${chain.name}" is not as it was made: ${rules.length} of ${chain.rules.length} rules, or others`,
        'somebody flushed or changed it; "tsnet repair" puts it back, and so does the next ADD',
      );
  }
}

/** Whether all that is wanted is there; the kernel adds defaults of its own to what it was given. */
export function contains(actual: unknown, wanted: unknown): boolean {
  if (wanted instanceof Uint8Array)
    return actual instanceof Uint8Array && wanted.length === actual.length && wanted.every((b, i) => b === actual[i]);
  if (typeof wanted !== "object" || wanted === null) return actual === wanted;
  if (typeof actual !== "object" || actual === null) return Object.keys(wanted).length === 0;
  if (Array.isArray(wanted) && (!Array.isArray(actual) || actual.length !== wanted.length)) return false;
  return Object.entries(wanted).every(([key, value]) => contains((actual as Record<string, unknown>)[key], value));
}
