import {
  delChain,
  delElements,
  delObject,
  delRule,
  delSet,
  delTable,
  type Expr,
  NF_INET,
  NFT_OBJECT,
  type NftElement,
  type NftFamily,
  type NftSet,
  newChain,
  newElements,
  newObject,
  newRule,
  newSet,
  newTable,
} from "../netlink/nft/index.ts";
import { NLM_F } from "../netlink/socket/index.ts";
import type { Message, MessageInput } from "../netlink/wire/index.ts";

/** A table, as every nf_tables message names it. */
export interface TableRef {
  readonly family: NftFamily;
  readonly table: string;
}

/** One message of a batch; several together happen as a whole or not at all. */
export interface NftChange {
  /** What errors call it: `NFT_MSG_NEWCHAIN "tsnet net-…"`. */
  readonly op: string;
  readonly schema: Message;
  readonly value: unknown;
  /** Besides NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags: number;
}

function of<M extends Message>(schema: M, value: MessageInput<M>, flags: number, object: string): NftChange {
  return { op: `${schema.name} "${object}"`, schema, value, flags };
}

/** A chain that sees packets by itself. */
export interface BaseChain {
  readonly type: "filter" | "nat" | "route";
  readonly hook: "prerouting" | "input" | "forward" | "output" | "postrouting";
  /** Lower runs earlier: -300 raw, -200 conntrack, -100 dstnat, 0 filter, 100 srcnat. */
  readonly priority: number;
  readonly policy?: "accept" | "drop";
}

export interface RuleSpec {
  readonly expressions: readonly Expr[];
  readonly userdata?: Uint8Array | undefined;
}

/** Numbers of the hooks in the families of IP and of bridges. */
export const HOOK = {
  prerouting: NF_INET.PRE_ROUTING,
  input: NF_INET.LOCAL_IN,
  forward: NF_INET.FORWARD,
  output: NF_INET.LOCAL_OUT,
  postrouting: NF_INET.POST_ROUTING,
} as const;

/** What batches are made of, in the words of nft(8). `add…` of tables, chains and sets is content with what is there. */
export const nftChange = {
  addTable: ({ family, table }: TableRef, userdata?: Uint8Array) =>
    of(newTable, { header: { family }, attrs: { name: table, flags: 0, userdata } }, NLM_F.CREATE, table),

  delTable: ({ family, table }: TableRef) => of(delTable, { header: { family }, attrs: { name: table } }, 0, table),

  addChain: ({ family, table }: TableRef, name: string, base?: BaseChain, userdata?: Uint8Array) =>
    of(
      newChain,
      {
        header: { family },
        attrs: {
          table,
          name,
          ...(base && {
            hook: { hooknum: HOOK[base.hook], priority: base.priority },
            policy: base.policy ?? "accept",
            type: base.type,
          }),
          userdata,
        },
      },
      NLM_F.CREATE,
      `${table} ${name}`,
    ),

  /** EBUSY while something jumps to it. Its rules must be flushed in the same batch, before. */
  delChain: ({ family, table }: TableRef, name: string) =>
    of(delChain, { header: { family }, attrs: { table, name } }, 0, `${table} ${name}`),

  /** Removes the rules and leaves the chain. */
  flushChain: ({ family, table }: TableRef, chain: string) =>
    of(delRule, { header: { family }, attrs: { table, chain } }, 0, `${table} ${chain}`),

  /** Appends; twice gives two rules. */
  addRule: ({ family, table }: TableRef, chain: string, rule: RuleSpec) =>
    of(
      newRule,
      {
        header: { family },
        attrs: { table, chain, expressions: [...rule.expressions], userdata: rule.userdata },
      },
      NLM_F.CREATE | NLM_F.APPEND,
      `${table} ${chain}`,
    ),

  /** Puts a rule before or behind another one of the chain; with neither, before all. */
  insertRule: (
    { family, table }: TableRef,
    chain: string,
    rule: RuleSpec,
    { before, after }: { before?: bigint | undefined; after?: bigint | undefined } = {},
  ) =>
    of(
      newRule,
      {
        header: { family },
        attrs: { table, chain, expressions: [...rule.expressions], position: after ?? before, userdata: rule.userdata },
      },
      NLM_F.CREATE | (after === undefined ? 0 : NLM_F.APPEND),
      `${table} ${chain}`,
    ),

  delRule: ({ family, table }: TableRef, chain: string, handle: bigint) =>
    of(delRule, { header: { family }, attrs: { table, chain, handle } }, 0, `${table} ${chain} handle ${handle}`),

  addSet: ({ family, table }: TableRef, set: Omit<NftSet, "table">) =>
    of(newSet, { header: { family }, attrs: { table, ...set } }, NLM_F.CREATE, `${table} ${set.name}`),

  delSet: ({ family, table }: TableRef, name: string) =>
    of(delSet, { header: { family }, attrs: { table, name } }, 0, `${table} ${name}`),

  /** A named counter that begins with nothing. */
  addCounter: ({ family, table }: TableRef, name: string, userdata?: Uint8Array) =>
    of(
      newObject,
      { header: { family }, attrs: { table, name, type: NFT_OBJECT.COUNTER, data: new Uint8Array(), userdata } },
      NLM_F.CREATE,
      `${table} ${name}`,
    ),

  /** EBUSY while a rule or an element refers to it. */
  delCounter: ({ family, table }: TableRef, name: string) =>
    of(delObject, { header: { family }, attrs: { table, name, type: NFT_OBJECT.COUNTER } }, 0, `${table} ${name}`),

  /** Removes all elements. */
  flushSet: ({ family, table }: TableRef, set: string) =>
    of(delElements, { header: { family }, attrs: { table, set } }, 0, `${table} ${set}`),

  /** An equal key with other data is EEXIST, with the same data nothing happens, its comment stays the old one. */
  addElements: (ref: TableRef, set: string, elements: readonly NftElement[]): NftChange[] =>
    splitElements(elements).map((part) =>
      of(
        newElements,
        { header: { family: ref.family }, attrs: { table: ref.table, set, elements: part } },
        NLM_F.CREATE,
        `${ref.table} ${set}`,
      ),
    ),

  /** Only keys count. One that is missing fails the whole batch (ENOENT). */
  delElements: (ref: TableRef, set: string, keys: readonly Uint8Array[]): NftChange[] =>
    splitElements(keys.map((value) => ({ key: { value } }))).map((part) =>
      of(
        delElements,
        { header: { family: ref.family }, attrs: { table: ref.table, set, elements: part } },
        0,
        `${ref.table} ${set}`,
      ),
    ),
} as const;

/** The length of an attribute has 16 bits (`nla_len`), and all elements of a message are one. */
const MAX_LIST = 60_000;
/** Headers of an element: list entry, key, value, data, verdict, its code and chain, user data, padding. */
const ELEMENT_OVERHEAD = 64;

/** Parts that each fit one message. */
export function splitElements(elements: readonly NftElement[]): NftElement[][] {
  const parts: NftElement[][] = [];
  let room = 0;
  for (const element of elements) {
    const size = sizeOf(element);
    if (size > room || parts.length === 0) {
      parts.push([]);
      room = MAX_LIST;
    }
    parts.at(-1)?.push(element);
    room -= size;
  }
  return parts;
}

const sizeOf = ({ key, keyEnd, data, userdata, ...rest }: NftElement): number =>
  ELEMENT_OVERHEAD +
  (key?.value?.length ?? 0) +
  (keyEnd?.value?.length ?? 0) +
  (data?.value?.length ?? 0) +
  3 * (data?.verdict?.chain?.length ?? 0) +
  (userdata?.length ?? 0) +
  (rest.expr?.length ?? 0) +
  (rest.expressions?.length ?? 0);
