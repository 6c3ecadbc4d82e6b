import { type AnyRule, anyRule } from "../netlink/nft/expr/all.ts";
import {
  getChain,
  getElements,
  getGen,
  getRule,
  getSet,
  getTable,
  type NftChain,
  type NftElement,
  type NftSet,
  type NftTable,
  newChain,
  newElements,
  newGen,
  newSet,
  newTable,
} from "../netlink/nft/index.ts";
import {
  getFlowtable,
  getObject,
  type NftFlowtable,
  type NftObject,
  newFlowtable,
  newObject,
} from "../netlink/nft/object.ts";
import { isNetlinkError, type NetlinkSocket } from "../netlink/socket/index.ts";
import type { Message, MessageInput, MessageOf } from "../netlink/wire/index.ts";
import type { KernelContext } from "./context.ts";

/** A set or map with what is in it. */
export interface RulesetSet {
  readonly set: NftSet;
  /** `undefined` when elements were not asked for. */
  readonly elements: readonly NftElement[] | undefined;
}

export interface RulesetTable {
  readonly family: string | number;
  readonly name: string;
  readonly table: NftTable;
  readonly chains: readonly NftChain[];
  /** Of all chains, each chain's in their order. */
  readonly rules: readonly AnyRule[];
  /** Also those that only one rule uses: `__set0`. */
  readonly sets: readonly RulesetSet[];
  readonly objects: readonly NftObject[];
  readonly flowtables: readonly NftFlowtable[];
}

export interface Ruleset {
  readonly generation: number;
  readonly tables: readonly RulesetTable[];
  /** It changed each time it was read, so its parts may not fit together. */
  readonly torn: boolean;
}

/** How often it is read anew because somebody changed it meanwhile. */
const TRIES = 5;

/**
 * The whole rule set with every expression decoded: `nft list ruleset`. Read again when it changed underneath. Empty on a
 * kernel without nf_tables. For tools; plugins read just what they need.
 */
export async function readRuleset(
  ctx: Pick<KernelContext, "netfilter">,
  options: { elements?: boolean } = {},
): Promise<Ruleset> {
  for (let attempt = 1; ; attempt++) {
    const socket = ctx.netfilter();
    const before = await generation(socket);
    if (before === undefined) return { generation: 0, tables: [], torn: false };
    const tables = await readTables(socket, options.elements ?? true);
    const torn = (await generation(socket)) !== before;
    if (!torn || attempt >= TRIES) return { generation: before, tables, torn };
  }
}

async function generation(socket: NetlinkSocket): Promise<number | undefined> {
  try {
    return (await socket.get(getGen, {}, newGen)).attrs.id ?? 0;
  } catch (error) {
    if (isNetlinkError(error, "EOPNOTSUPP", "EINVAL", "ENOENT")) return undefined;
    throw error;
  }
}

/** A list; empty when it, or its kind, is not there. */
async function dump<A extends Message, R extends Message>(
  socket: NetlinkSocket,
  ask: A,
  value: MessageInput<A>,
  reply: R,
): Promise<MessageOf<R>[]> {
  try {
    return await socket.dump(ask, value, reply);
  } catch (error) {
    if (isNetlinkError(error, "ENOENT", "EOPNOTSUPP", "EINVAL")) return [];
    throw error;
  }
}

async function readTables(socket: NetlinkSocket, withElements: boolean): Promise<RulesetTable[]> {
  const tables = await dump(socket, getTable, {}, newTable);
  if (tables.length === 0) return [];
  const chains = await dump(socket, getChain, {}, newChain);
  const rules = await dump(socket, getRule, {}, anyRule);
  const sets = await dump(socket, getSet, {}, newSet);
  const objects = await dump(socket, getObject, {}, newObject);
  const flowtables = await dump(socket, getFlowtable, {}, newFlowtable);
  const found: RulesetTable[] = [];
  for (const { header, attrs: table } of tables) {
    const { family } = header;
    const name = table.name ?? "";
    const mine = <T extends { header: { family: unknown }; attrs: { table?: string | undefined } }>(
      all: readonly T[],
    ) => all.filter((m) => m.header.family === family && m.attrs.table === name).map((m): T["attrs"] => m.attrs);
    const filled: RulesetSet[] = [];
    for (const set of mine(sets)) {
      const ask = { header: { family }, attrs: { table: name, set: set.name } };
      const elements = withElements ? await dump(socket, getElements, ask, newElements) : undefined;
      filled.push({ set, elements: elements?.flatMap(({ attrs }) => attrs.elements ?? []) });
    }
    found.push({
      family,
      name,
      table,
      chains: mine(chains),
      rules: mine(rules),
      sets: filled,
      objects: mine(objects),
      flowtables: mine(flowtables),
    });
  }
  return found;
}
