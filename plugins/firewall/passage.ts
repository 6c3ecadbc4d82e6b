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
const FILTER: Readonly<Record<Family, TableRef>> = {
  4: { family: "ip", table: "filter" },
  6: { family: "ip6", table: "filter" },
};
const FORWARD = "FORWARD";
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
  /** Chain whose jump it goes behind. */
  readonly behind?: string;
  /** Whether it goes to the end, before a RETURN that stands there. */
  readonly last?: true;
}

async function wantedFor(view: NftView, { family, mark, adminChain }: Passage, hooked: readonly ForeignChain[]) {
  const table = FILTER[family];
  const forward = hooked.find((chain) => isChain(chain, table, FORWARD));
  if (!forward) return [];
  const [admin, dockerUser, ufw] = await view.find(
    nftLookup.chain(table, adminChain),
    nftLookup.chain(table, DOCKER_USER),
    nftLookup.chain(table, UFW[family]),
  );
  const wanted: Wanted[] = [];
  // The chain counts its rules and the jumps to it.
  const inDocker =
    dockerUser?.use !== undefined && dockerUser.use > (await view.ruleComments(table, DOCKER_USER)).length;
  if (inDocker) wanted.push({ ...pass(mark), table, chain: DOCKER_USER, last: true });
  else if (forward.policy === "drop")
    wanted.push({ ...pass(mark), table, chain: FORWARD, ...(ufw && { behind: UFW[family] }) });
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

const testsOf = (expressions: readonly Expr[] = []): Expr[] =>
  expressions.filter((e) => e.kind !== "counter" && e.kind !== "unknown");

async function placeOf(view: NftView, { table, chain, text, behind, last }: Wanted) {
  if (behind !== undefined) {
    const jumps = await view.rules(table, chain, [bytesOfAscii(behind)]);
    return { after: jumps.find((rule) => targetOf(rule)?.chain === behind)?.handle };
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
  for (const family of [4, 6] as const) {
    const needed = new Set(
      staying
        .filter((passage) => passage.family === family)
        .flatMap(({ mark, adminChain }) => [pass(mark).text, adminJump(adminChain).text]),
    );
    for (const chain of [FORWARD, DOCKER_USER])
      for (const { rule, text } of await ourRules(view, FILTER[family], chain))
        if (!needed.has(text) && rule.handle !== undefined)
          changes.push(nftChange.delRule(FILTER[family], chain, rule.handle));
  }
  return changes;
}

/** A base chain that drops what it does not accept, and does not know our mark. */
export interface Obstacle {
  /** `inet filter forward` */
  readonly name: string;
  /** The rule that it needs, in nft's words. */
  readonly remedy: string;
}

/** Where our own chain stands: what runs before it cannot see the mark. */
const OUR_PRIORITY = -10;
const DORMANT = 1;

/** Base chains at the forward hook that would drop these packets, those excepted that we have a rule for. */
export async function obstacles(
  view: NftView,
  passages: readonly Passage[],
  hooked: readonly ForeignChain[],
): Promise<Obstacle[]> {
  const families = new Set(passages.map(({ family }) => family));
  const found: Obstacle[] = [];
  for (const chain of hooked) {
    if (chain.policy !== "drop" || chain.table === undefined || chain.name === undefined) continue;
    const concerned = chain.family === "ip" ? families.has(4) : chain.family === "ip6" ? families.has(6) : true;
    const known = [...families].some((family) => isChain(chain, FILTER[family], FORWARD));
    if (!concerned || known || (chain.family !== "ip" && chain.family !== "ip6" && chain.family !== "inet")) continue;
    const table: TableRef = { family: chain.family, table: chain.table };
    const [about] = await view.find(nftLookup.table(table));
    if (((about?.flags ?? 0) & DORMANT) !== 0) continue;
    const late = (chain.hook?.priority ?? 0) > OUR_PRIORITY;
    const marks = [...new Set(passages.map(({ mark }) => mark))];
    const lacking = late ? await marksUnknownTo(view, table, chain.name, marks) : marks;
    if (lacking.length === 0) continue;
    const name = `${table.family} ${table.table} ${chain.name}`;
    found.push({
      name,
      remedy: late
        ? lacking.map((m) => `nft insert rule ${name} meta mark and ${markText(m)} == ${markText(m)} accept`).join("; ")
        : `its priority must be above ${OUR_PRIORITY}: it runs before packets get the mark that lets them pass`,
    });
  }
  return found;
}

async function marksUnknownTo(view: NftView, table: TableRef, chain: string, marks: readonly number[]) {
  const rules = await view.rules(table, chain);
  return marks.filter(
    (mark) => !rules.some((rule) => contains(testsOf(rule.expressions), [...hasMark(mark), verdict("accept")])),
  );
}
