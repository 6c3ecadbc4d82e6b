import { batchBegin, batchEnd, NFNL_SUBSYS } from "../netlink/nft/index.ts";
import {
  isNetlinkError,
  NetlinkError,
  type NetlinkSocket,
  NLM_F,
  type Request,
  request,
} from "../netlink/socket/index.ts";
import type { MessageInput } from "../netlink/wire/index.ts";
import type { KernelContext } from "./context.ts";
import type { NftChange } from "./nft-change.ts";
import type { Ruleset } from "./nft-ruleset.ts";
import { type NftView, nftView } from "./nft-view.ts";

export { type BaseChain, type NftChange, nftChange, type RuleSpec, type TableRef } from "./nft-change.ts";
export { elementLookups, type ForeignChain, type NftLookup, type NftView, nftLookup } from "./nft-view.ts";

/** nf_tables of one namespace. Reading works as `NftView`; every write is a transaction. */
export interface NftVerbs extends NftView {
  /**
   * Reads, decides and changes as one step: `decide` looks at the rule set and returns the changes, which are made as one
   * batch only if nobody changed the rule set in between; otherwise `decide` runs again. A lock keeps those who call this
   * function out of each other's way. NetlinkError ERESTART when others do not cease to change the rule set.
   * @param decide may run several times; must not have effects of its own
   */
  transaction<T>(decide: (view: NftView) => Promise<Decision<T>>): Promise<T>;
  /** Has the kernel look at changes as in a transaction, without making them. Throws what would be thrown. */
  check(changes: readonly NftChange[]): Promise<void>;
  /** Everything, for tools; see `readRuleset`. Without `elements` sets come empty. */
  ruleset(options?: { elements?: boolean }): Promise<Ruleset>;
  /** Names of the tables of legacy xtables (`ip_tables_names`); empty when that was never used, or in a foreign namespace. */
  legacyTables(): Promise<string[]>;
}

export interface Decision<T> {
  readonly changes: readonly NftChange[];
  readonly result: T;
}

/** How often a decision is made anew because somebody else changed the rule set meanwhile. */
const TRIES = 20;
const LOCK_FOLDER = "/run/tsnet";
const LOCK_TIMEOUT_MS = 30_000;
const EPROTO = 71;

export function nftVerbs(ctx: KernelContext): NftVerbs {
  /** A fresh view for each call, so that none believes in an old generation. */
  const view = (): ReturnType<typeof nftView> => nftView(ctx.netfilter());

  async function transaction<T>(decide: (view: NftView) => Promise<Decision<T>>): Promise<T> {
    const unlock = await lock(ctx);
    try {
      for (let attempt = 1; ; attempt++) {
        const now = view();
        const { changes, result } = await decide(now);
        if (changes.length === 0) return result;
        try {
          await sendBatch(ctx.netfilter(), changes, { genId: await now.generation(), commit: true });
          if (changes.some(({ schema }) => schema.name.includes("_DEL"))) ctx.lostSomething();
          return result;
        } catch (error) {
          if (!isNetlinkError(error, "ERESTART") || attempt >= TRIES) throw error;
        }
      }
    } finally {
      unlock();
    }
  }

  return {
    find: (...lookups) => view().find(...lookups),
    findAll: (lookups) => view().findAll(lookups),
    elements: (table, set, containing) => view().elements(table, set, containing),
    elementsWithKeys: (table, set, wanted) => view().elementsWithKeys(table, set, wanted),
    rules: (table, chain, containing) => view().rules(table, chain, containing),
    ruleComments: (table, chain) => view().ruleComments(table, chain),
    chains: (table, containing) => view().chains(table, containing),
    baseChains: (hook, ...names) => view().baseChains(hook, ...names),
    counters: (table, containing) => view().counters(table, containing),
    tables: () => view().tables(),
    transaction,
    check: (changes) => sendBatch(ctx.netfilter(), changes, { commit: false }),
    ruleset: (options) => (require("./nft-ruleset.ts") as typeof import("./nft-ruleset.ts")).readRuleset(ctx, options),
    legacyTables: async () => legacyTables(ctx),
  };
}

/** The subsystem is in network order; a batch without its end is dropped after it was looked at. */
const HEADER = { family: "unspec", version: 0, resId: NFNL_SUBSYS.NFTABLES } as const;

async function sendBatch(
  socket: NetlinkSocket,
  changes: readonly NftChange[],
  { genId, commit }: { genId?: number; commit: boolean },
): Promise<void> {
  // The kernel answers in order, and refusals without being asked: one acknowledgement says that the rest went well.
  const requests: Request[] = changes.map(({ op, schema, value, flags }, i) => ({
    ...request(
      schema,
      value as MessageInput<typeof schema>,
      NLM_F.REQUEST | flags | (i === changes.length - 1 ? NLM_F.ACK : 0),
    ),
    op,
  }));
  const begin = request(batchBegin, { header: HEADER, attrs: { genId } }, NLM_F.REQUEST);
  const end = request(batchEnd, { header: HEADER }, NLM_F.REQUEST);
  const outcomes = await socket.exchange([begin, ...requests, ...(commit ? [end] : [])]);
  const refusal = outcomes.find((o) => o.error)?.error;
  if (refusal) throw refusal;
  if (!outcomes[requests.length]?.answered)
    throw new NetlinkError(begin.op, EPROTO, { message: "the kernel did not acknowledge the batch" });
}

/**
 * One at a time in each namespace, whose number names the lock. Only a courtesy: correctness rests on the generation, so
 * a read-only /run does not stop anybody.
 */
async function lock({ native, netns, waiting }: KernelContext): Promise<() => void> {
  const path = `${LOCK_FOLDER}/nft-${native.netnsIdentity(netns).replace(":", "-")}.lock`;
  const take = () =>
    waiting === "here" ? native.lockFile(path, LOCK_TIMEOUT_MS) : native.lockFileAsync(path, LOCK_TIMEOUT_MS);
  try {
    let fd: number;
    try {
      fd = await take();
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      native.makeDirs(LOCK_FOLDER, 0o700);
      fd = await take();
    }
    return () => native.closeFd(fd);
  } catch (error) {
    if (codeOf(error) === "EROFS") return () => {};
    throw error;
  }
}

/** /proc/net belongs to the namespace of whoever reads it. */
function legacyTables({ native, netns }: KernelContext): string[] {
  if (netns !== -1) return [];
  const names: string[] = [];
  for (const file of ["ip_tables_names", "ip6_tables_names"]) {
    try {
      names.push(...new TextDecoder().decode(native.readFile(`/proc/self/net/${file}`, 4096)).split("\n"));
    } catch (error) {
      if (codeOf(error) !== "ENOENT" && codeOf(error) !== "EACCES") throw error;
    }
  }
  return [...new Set(names.filter((name) => name !== ""))];
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
