import type { Ruleset, RulesetTable } from "../../../kernel/nft-ruleset.ts";
import type { AnyRule } from "../../../netlink/nft/expr/all.ts";
import type { NftChain } from "../../../netlink/nft/index.ts";
import { CannotTell } from "./cannot-tell.ts";
import type { Packet } from "./packet.ts";
import { evaluateRule, type Ground } from "./rule.ts";

/** Where a packet ends or could not be followed. */
export interface Place {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** Of the rule; `undefined`: the chain's policy. */
  readonly handle: bigint | number | undefined;
}

export type Fate =
  /** `at`: the rule that said so last; absent when none did. */
  | { readonly kind: "accept"; readonly at?: Place }
  | { readonly kind: "drop"; readonly at: Place }
  | { readonly kind: "unknown"; readonly at: Place; readonly expression: string };

/** NF_INET_* of linux/netfilter.h. */
export const HOOKS = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;
export type Hook = keyof typeof HOOKS;

export const placeText = ({ family, table, chain, handle }: Place): string =>
  `nft table ${family} ${table}, chain ${chain}, ${handle === undefined ? "policy" : `rule handle ${handle}`}`;

/** As many jumps as the kernel allows (NFT_JUMP_STACK_SIZE). */
const MAX_DEPTH = 16;
/** Of a walk through one hook: a rule set has no loops, but may branch widely. */
const MAX_RULES = 200_000;

/**
 * What becomes of a packet at a hook. Translation (chains of type nat) is only asked of the first packet of a connection, and no
 * further once its destination is decided. Changes the packet as the rules do.
 * @param only chains of one type
 */
export function walkHook(ruleset: Ruleset, hook: Hook, p: Packet, ground: Ground, only?: "nat"): Fate {
  const families = p.family === 4 ? ["ip", "inet"] : ["ip6", "inet"];
  const bases: { table: RulesetTable; chain: NftChain }[] = ruleset.tables
    .filter(({ family }) => families.includes(String(family)))
    .flatMap((table) =>
      table.chains
        .filter((chain) => chain.hook?.hooknum === HOOKS[hook] && (only === undefined || chain.type === only))
        .map((chain) => ({ table, chain })),
    )
    .sort((a, b) => (a.chain.hook?.priority ?? 0) - (b.chain.hook?.priority ?? 0));
  const budget = { left: MAX_RULES };
  let translated = false;
  for (const { table, chain } of bases) {
    if (chain.type === "nat" && (p.state !== "new" || translated)) continue;
    const before = { dnat: p.dnat, masqueraded: p.masqueraded };
    const fate = walkBase(table, chain, p, ground, budget);
    if (fate.kind !== "accept") return fate;
    translated = p.dnat !== before.dnat || p.masqueraded !== before.masqueraded;
    if (translated && fate.at) p.translatedAt = placeText(fate.at);
  }
  return { kind: "accept" };
}

interface Run {
  readonly table: RulesetTable;
  readonly p: Packet;
  readonly ground: Ground;
  readonly budget: { left: number };
  readonly rules: ReadonlyMap<string, readonly AnyRule[]>;
  /** The first rule that may accept, which cannot be told: a drop after it is in doubt, an acceptance is not. */
  maybe: { at: Place; expression: string } | undefined;
}

const CHAINS = new WeakMap<RulesetTable, ReadonlyMap<string, readonly AnyRule[]>>();

/** A table's rules, sorted out once. */
function byChain(table: RulesetTable): ReadonlyMap<string, readonly AnyRule[]> {
  const known = CHAINS.get(table);
  if (known) return known;
  const rules = new Map<string, AnyRule[]>();
  for (const rule of table.rules) {
    const list = rules.get(rule.chain ?? "") ?? [];
    list.push(rule);
    rules.set(rule.chain ?? "", list);
  }
  CHAINS.set(table, rules);
  return rules;
}

function walkBase(table: RulesetTable, base: NftChain, p: Packet, ground: Ground, budget: Run["budget"]): Fate {
  const rules = byChain(table);
  const run: Run = { table, p, ground, budget, rules, maybe: undefined };
  const name = base.name ?? "";
  const ended = walkChain(run, name, 0);
  const fate: Fate =
    ended ?? (base.policy === "drop" ? { kind: "drop", at: placeOf(run, name, undefined) } : { kind: "accept" });
  return fate.kind === "drop" && run.maybe ? { kind: "unknown", ...run.maybe } : fate;
}

const placeOf = ({ table }: Run, chain: string, rule: AnyRule | undefined): Place => ({
  family: String(table.family),
  table: table.name,
  chain,
  handle: rule?.handle,
});

/** `undefined`: the chain's end was reached, or it returned. */
function walkChain(run: Run, name: string, depth: number): Fate | undefined {
  for (const rule of run.rules.get(name) ?? []) {
    const at = placeOf(run, name, rule);
    if (depth > MAX_DEPTH || run.budget.left-- <= 0) return { kind: "unknown", at, expression: "too many rules" };
    let said: ReturnType<typeof evaluateRule>;
    try {
      said = evaluateRule(rule, run.table, run.p, run.ground);
    } catch (error) {
      if (!(error instanceof CannotTell)) throw error;
      const effect = effectOf(rule);
      if (effect === "decides") return { kind: "unknown", at, expression: error.message };
      if (effect === "accepts") run.maybe ??= { at, expression: error.message };
      if (setsMark(rule)) run.p.mark = undefined;
      continue;
    }
    if (!said || said.code === "continue") continue;
    if (said.code === "accept") return { kind: "accept", at };
    if (said.code === "drop") return { kind: "drop", at };
    if (said.code === "return" || said.code === "break") return undefined;
    if (said.code !== "jump" && said.code !== "goto")
      return { kind: "unknown", at, expression: `verdict ${said.code}` };
    const fate = walkChain(run, said.chain ?? "", depth + 1);
    if (fate) return fate;
    if (said.code === "goto") return undefined;
  }
  return undefined;
}

/** What a rule could do if it matched. */
function effectOf({ expressions = [] }: AnyRule): "nothing" | "accepts" | "decides" {
  let effect: "nothing" | "accepts" = "nothing";
  for (const e of expressions) {
    if (e.kind === "immediate" && e.data?.data?.verdict) {
      if (e.data.data.verdict.code !== "accept") return "decides";
      effect = "accepts";
    } else if (e.kind === "lookup" && e.data?.dreg === 0) return "decides";
    else if (HARMLESS.includes(e.kind ?? "")) continue;
    else return "decides";
  }
  return effect;
}

/** Expressions that only look at, count or mark a packet. */
const HARMLESS = [
  ...[
    "payload",
    "meta",
    "ct",
    "fib",
    "cmp",
    "range",
    "bitwise",
    "lookup",
    "immediate",
    "limit",
    "counter",
    "log",
    "last",
  ],
  ...[
    "match",
    "byteorder",
    "exthdr",
    "rt",
    "socket",
    "hash",
    "numgen",
    "osf",
    "quota",
    "connlimit",
    "objref",
    "dynset",
  ],
];

const setsMark = ({ expressions = [] }: AnyRule): boolean =>
  expressions.some((e) => e.kind === "meta" && e.data?.sreg !== undefined && e.data.key === "mark");
