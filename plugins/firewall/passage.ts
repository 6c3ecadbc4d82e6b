import {
  type ForeignChain,
  type NftChange,
  type NftView,
  nftChange,
  nftLookup,
  type TableRef,
} from "../../src/kernel/nft.ts";
import { comment, commentOf, type Expr, type NftRule } from "../../src/netlink/nft/index.ts";
import { type Family, verdict } from "../../src/plugin/nat/expressions.ts";
import { contains } from "../../src/plugin/nat/shared.ts";
import { bytesOfAscii, textOfBytes } from "./ascii.ts";
import { hasMark, markText } from "./mark.ts";
import type { Profile } from "./profile.ts";

/**
 * A packet that we accept can still be dropped by another base chain at the same hook. So the chains of programs that we know
 * get one rule for each family: what bears our mark passes. The rule is written as iptables itself writes it, so that
 * iptables-save prints it and iptables-restore puts it back with its meaning.
 *
 * Places, so that what an administrator says there comes first:
 * - `DOCKER-USER`, which Docker leaves to its users: behind all but a last RETURN;
 * - in `FORWARD` with policy drop: behind ufw's jump to its rules, where ufw is; else before all, as the reference does.
 *
 * And a chain that the configuration names (`iptablesAdminChainName`), if it is there, is jumped to before all else.
 */
export const FILTER: Readonly<Record<Family, TableRef>> = {
  4: { family: "ip", table: "filter" },
  6: { family: "ip6", table: "filter" },
};
export const FORWARD = "FORWARD";
const DOCKER_USER = "DOCKER-USER";
const UFW: Readonly<Record<Family, string>> = { 4: "ufw-before-forward", 6: "ufw6-before-forward" };

const RULE_MARK = "tsnet1 firewall";
const counter: Expr = { kind: "counter", data: { bytes: 0n, packets: 0n } };

/** One rule of ours in a foreign chain. */
interface Rule {
  readonly text: string;
  readonly expressions: readonly Expr[];
}

const pass = (mark: number): Rule => ({
  text: `${RULE_MARK} pass ${markText(mark)}`,
  expressions: [...hasMark(mark), counter, verdict("accept")],
});

const adminJump = (chain: string): Rule => ({
  text: `${RULE_MARK} admin ${chain}`,
  expressions: [counter, verdict("jump", chain)],
});

/** The part of a profile that foreign chains have to do with. */
export type Passage = Pick<Profile, "family" | "mark" | "adminChain">;

interface Wanted extends Rule {
  readonly table: TableRef;
  readonly chain: string;
  /** Chain whose jump it goes behind, if there is one. */
  readonly behind?: string;
  /** Whether it goes to the end, before a RETURN that stands there. */
  readonly last?: true;
}

/** The chains that packets pass on their way, and those of other names that these passages have to do with. */
export const chainsAtForward = (view: NftView, passages: readonly Passage[]): Promise<ForeignChain[]> =>
  view.baseChains("forward", DOCKER_USER, ...new Set(passages.map(({ adminChain }) => adminChain)));

/** @param hooked as `chainsAtForward` gives them */
async function wantedFor(view: NftView, { family, mark, adminChain }: Passage, hooked: readonly ForeignChain[]) {
  const table = FILTER[family];
  const named = (name: string) => hooked.find((chain) => isChain(chain, table, name));
  const [forward, admin, dockerUser] = [named(FORWARD), named(adminChain), named(DOCKER_USER)];
  if (!forward) return [];
  const wanted: Wanted[] = [];
  // The chain counts its rules and the jumps to it.
  const inDocker =
    dockerUser?.use !== undefined && dockerUser.use > (await view.ruleComments(table, DOCKER_USER)).length;
  if (inDocker) wanted.push({ ...pass(mark), table, chain: DOCKER_USER, last: true });
  else if (forward.policy === "drop") wanted.push({ ...pass(mark), table, chain: FORWARD, behind: UFW[family] });
  // Last: it is put before the others.
  if (admin && !admin.hook) wanted.push({ ...adminJump(adminChain), table, chain: FORWARD });
  return wanted;
}

const isChain = (chain: ForeignChain, { family, table }: TableRef, name: string): boolean =>
  chain.family === family && chain.table === table && chain.name === name;

/** What is to be added so that the foreign chains that we know let marked packets pass; a phrase for each beside it. */
export async function missingPassages(
  view: NftView,
  passages: readonly Passage[],
  hooked: readonly ForeignChain[],
): Promise<{ changes: NftChange[]; missing: string[] }> {
  const changes: NftChange[] = [];
  const missing: string[] = [];
  for (const passage of passages)
    for (const wanted of await wantedFor(view, passage, hooked)) {
      const { table, chain, text, expressions } = wanted;
      if ((await ourRules(view, table, chain)).some((rule) => rule.text === text && isSame(rule.rule, wanted)))
        continue;
      missing.push(`nft chain "${table.family} ${table.table} ${chain}" lacks our rule "${text}"`);
      const spec = { expressions, userdata: comment(text) };
      changes.push(nftChange.insertRule(table, chain, spec, await placeOf(view, wanted)));
    }
  return { changes, missing };
}

/** Written by us or, after iptables-restore, by iptables: that puts the comment among the expressions. */
const isSame = (rule: NftRule, { expressions }: Rule): boolean =>
  contains(testsOf(rule.expressions), testsOf(expressions));

/** What a rule tests and says. */
export const testsOf = (expressions: readonly Expr[] = []): Expr[] =>
  expressions.filter((e) => e.kind !== "counter" && e.kind !== "unknown");

async function placeOf(view: NftView, { table, chain, text, behind, last }: Wanted) {
  if (behind !== undefined) {
    const jumps = await view.rules(table, chain, [bytesOfAscii(behind)]);
    const after = jumps.find((rule) => targetOf(rule)?.chain === behind)?.handle;
    if (after !== undefined) return { after };
  }
  if (!last) {
    const admin = (await ourRules(view, table, chain)).filter((rule) => rule.text.includes(" admin ")).at(-1);
    return text.includes(" admin ") ? {} : { after: admin?.rule.handle };
  }
  const rules = await view.rules(table, chain);
  const end = rules.at(-1);
  if (!end) return {};
  const returns = (end.expressions ?? []).every((e) => e.kind === "counter" || e.kind === "immediate");
  return returns && targetOf(end)?.code === "return" ? { before: end.handle } : { after: end.handle };
}

function targetOf(rule: NftRule) {
  for (const expr of rule.expressions ?? [])
    if (expr.kind === "immediate" && expr.data?.data?.verdict) return expr.data.data.verdict;
  return undefined;
}

interface OurRule {
  readonly rule: NftRule;
  readonly text: string;
}

async function ourRules(view: NftView, table: TableRef, chain: string): Promise<OurRule[]> {
  const rules = await view.rules(table, chain, [bytesOfAscii(RULE_MARK)]);
  return rules.flatMap((rule) => {
    const text = ourText(rule);
    return text === undefined ? [] : [{ rule, text }];
  });
}

/** The whole of a comment, which ends with a NUL where iptables keeps it: what only speaks of our rules is somebody's own. */
const OUR_TEXT = /(?:^|\0)(tsnet1 firewall (?:pass|admin) [^\s\0"]+)(?:\0|$)/;

function ourText(rule: NftRule): string | undefined {
  const matches = (rule.expressions ?? []).map((e) => (e.kind === "unknown" && e.data ? textOfBytes(e.data) : ""));
  for (const text of [commentOf(rule.userdata) ?? "", ...matches]) {
    const found = OUR_TEXT.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Takes back what none of the profiles that stay needs, and nothing else. */
export async function surplusPassages(view: NftView, staying: readonly Passage[]): Promise<NftChange[]> {
  const changes: NftChange[] = [];
  const places = ([4, 6] as const).flatMap((family) => [FORWARD, DOCKER_USER].map((chain) => ({ family, chain })));
  const present = await view.findAll(places.map(({ family, chain }) => nftLookup.chain(FILTER[family], chain)));
  for (const [i, { family, chain }] of places.entries()) {
    if (present[i] === undefined) continue;
    const needed = new Set(
      staying
        .filter((passage) => passage.family === family)
        .flatMap(({ mark, adminChain }) => [pass(mark).text, adminJump(adminChain).text]),
    );
    for (const { rule, text } of await ourRules(view, FILTER[family], chain))
      if (!needed.has(text) && rule.handle !== undefined)
        changes.push(nftChange.delRule(FILTER[family], chain, rule.handle));
  }
  return changes;
}
