import {
  chainHead,
  commentOf,
  getChain,
  getElements,
  getGen,
  getObject,
  getRule,
  getSet,
  getTable,
  leadingKey,
  NFT_OBJECT,
  NFTA_HOOK,
  type NftChain,
  type NftChainHead,
  type NftElement,
  type NftObject,
  type NftRule,
  type NftSet,
  type NftTable,
  newChain,
  newElements,
  newGen,
  newObject,
  newRule,
  newSet,
  newTable,
  ruleHead,
  someElements,
} from "../netlink/nft/index.ts";
import {
  NetlinkError,
  type NetlinkSocket,
  NLM_F,
  type Outcome,
  type Request,
  request,
} from "../netlink/socket/index.ts";
import { align4, type Message, type MessageInput, type RawMessage, setSeq } from "../netlink/wire/index.ts";
import { containsAny } from "./contains-any.ts";
import { HOOK, type TableRef } from "./nft-change.ts";

/** A question for one object by its exact name or key. */
export interface NftLookup<T> {
  readonly request: Request;
  decode(answer: RawMessage): T | undefined;
}

type Found<L extends readonly NftLookup<unknown>[]> = {
  [K in keyof L]: L[K] extends NftLookup<infer T> ? T | undefined : never;
};

/** Without NLM_F_ACK: the answer, or the refusal, is enough. */
function ask<A extends Message>(schema: A, value: MessageInput<A>, object: string): Request {
  return request(schema, value, NLM_F.REQUEST, object);
}

/** Questions for `NftView.find`. */
export const nftLookup = {
  table: ({ family, table }: TableRef): NftLookup<NftTable> => ({
    request: ask(getTable, { header: { family }, attrs: { name: table } }, table),
    decode: (raw) => newTable.decode(raw.bytes).attrs,
  }),
  chain: ({ family, table }: TableRef, name: string): NftLookup<NftChain> => ({
    request: ask(getChain, { header: { family }, attrs: { table, name } }, `${table} ${name}`),
    decode: (raw) => newChain.decode(raw.bytes).attrs,
  }),
  /** The same without its hook and policy: much cheaper. */
  chainHead: ({ family, table }: TableRef, name: string): NftLookup<NftChainHead> => ({
    request: ask(getChain, { header: { family }, attrs: { table, name } }, `${table} ${name}`),
    decode: (raw) => chainHead.decode(raw.bytes).attrs,
  }),
  set: ({ family, table }: TableRef, name: string): NftLookup<NftSet> => ({
    request: ask(getSet, { header: { family }, attrs: { table, name } }, `${table} ${name}`),
    decode: (raw) => newSet.decode(raw.bytes).attrs,
  }),
  counter: ({ family, table }: TableRef, name: string): NftLookup<NftObject> => ({
    request: ask(
      getObject,
      { header: { family }, attrs: { table, name, type: NFT_OBJECT.COUNTER } },
      `${table} ${name}`,
    ),
    decode: (raw) => newObject.decode(raw.bytes).attrs,
  }),
  /** No dump: the same time whatever the size of the set. */
  element: (table: TableRef, set: string, key: Uint8Array): NftLookup<NftElement> => elementLookups(table)(set, key),
} as const;

const decodeElement = (raw: RawMessage): NftElement | undefined => newElements.decode(raw.bytes).attrs.elements?.[0];

/** Lookups of elements by set and key: of ten thousand for one set, the message is put together once. */
export function elementLookups(ref: TableRef): (set: string, key: Uint8Array) => NftLookup<NftElement> {
  const patterns = new Map<string, { request: Request; bytes: Uint8Array; keyLength: number }>();
  return (set, key) => {
    let pattern = patterns.get(set);
    if (pattern === undefined || pattern.keyLength !== key.length) {
      const { family, table } = ref;
      const value = { header: { family }, attrs: { table, set, elements: [{ key: { value: key } }] } };
      const first = ask(getElements, value, `${table} ${set}`);
      pattern = { request: first, bytes: first.encode(0), keyLength: key.length };
      patterns.set(set, pattern);
    }
    return { request: withKey(pattern.request, pattern.bytes, key), decode: decodeElement };
  };
}

/** The same request for another key, which is the last thing in its bytes. */
const withKey = (like: Request, bytes: Uint8Array, key: Uint8Array): Request => ({
  op: like.op,
  schema: like.schema,
  flags: like.flags,
  encode(seq) {
    const out = bytes.slice();
    out.set(key, bytes.length - align4(key.length));
    setSeq(out, seq);
    return out;
  },
});

/** A base chain of any table. */
export interface ForeignChain extends NftChain {
  readonly family: string | number;
}

/** Reading the rule set of one namespace. */
export interface NftView {
  /**
   * Looks everything up; `undefined` for what is not there. What several parts of a program ask for in the same turn
   * (`Promise.all`) goes in one exchange.
   */
  find<const L extends readonly NftLookup<unknown>[]>(...lookups: L): Promise<Found<L>>;
  /** The same for a list of one kind. */
  findAll<T>(lookups: readonly NftLookup<T>[]): Promise<(T | undefined)[]>;
  /**
   * All elements; empty when there is no such set. With `containing`, at least those that have one of these stretches of
   * bytes in them, and at most all: ten thousand are searched in hardly more time than the kernel takes to list them.
   */
  elements(table: TableRef, set: string, containing?: readonly Uint8Array[]): Promise<NftElement[]>;
  /** Those elements of a set whose keys are wanted; empty when there is no such set. The others are hardly looked at. */
  elementsWithKeys(table: TableRef, set: string, wanted: (key: Uint8Array) => boolean): Promise<NftElement[]>;
  /** Rules of a chain in their order; empty when there is no such chain. `containing` as for elements. */
  rules(table: TableRef, chain: string, containing?: readonly Uint8Array[]): Promise<NftRule[]>;
  /** The same, by their comments alone (empty text for none): much cheaper. */
  ruleComments(table: TableRef, chain: string): Promise<string[]>;
  /** With `containing` as for elements. */
  chains(table: TableRef, containing?: readonly Uint8Array[]): Promise<NftChain[]>;
  /**
   * Chains of all tables that see packets at a hook, and those with one of these names. Only these are decoded, however
   * many others there are.
   */
  baseChains(hook: keyof typeof HOOK, ...names: readonly string[]): Promise<ForeignChain[]>;
  /** Named counters of a table; `containing` as for elements. */
  counters(table: TableRef, containing?: readonly Uint8Array[]): Promise<NftObject[]>;
  tables(): Promise<(NftTable & { family: string | number })[]>;
}

/** Answers wait in the socket's buffer until all are asked; each takes a kernel page of it. */
const AT_ONCE = 200;
const ENOENT = 2;
const EPROTO = 71;

export interface GenerationView extends NftView {
  /** The generation that was current before the first answer was given. */
  generation(): Promise<number>;
}

export function nftView(socket: NetlinkSocket): GenerationView {
  let genId: number | undefined;
  const askGen = request(getGen, {}, NLM_F.REQUEST);

  async function generation(): Promise<number> {
    if (genId === undefined) readGen((await socket.exchange([askGen]))[0]);
    return genId ?? 0;
  }

  function readGen(outcome: Outcome | undefined): void {
    if (outcome?.error) throw outcome.error;
    const raw = outcome?.replies[0];
    if (!raw) throw new NetlinkError(askGen.op, EPROTO, { message: "no answer" });
    genId = newGen.decode(raw.bytes).attrs.id ?? 0;
  }

  async function exchange(requests: readonly Request[]): Promise<Outcome[]> {
    if (genId !== undefined) return socket.exchange(requests);
    const [gen, ...outcomes] = await socket.exchange([askGen, ...requests]);
    readGen(gen);
    return outcomes;
  }

  let waiting: Question[] = [];

  function findAll<T>(lookups: readonly NftLookup<T>[]): Promise<(T | undefined)[]> {
    if (lookups.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      waiting.push({ lookups, resolve: resolve as (found: unknown[]) => void, reject });
      if (waiting.length === 1) Promise.resolve().then(askWaiting);
    });
  }

  async function askWaiting(): Promise<void> {
    const questions = waiting;
    waiting = [];
    const outcomes: Outcome[] = [];
    try {
      const requests = questions.flatMap(({ lookups }) => lookups.map((lookup) => lookup.request));
      for (let at = 0; at < requests.length; at += AT_ONCE)
        outcomes.push(...(await exchange(requests.slice(at, at + AT_ONCE))));
    } catch (error) {
      for (const { reject } of questions) reject(error);
      return;
    }
    let at = 0;
    for (const { lookups, resolve, reject } of questions) {
      try {
        resolve(lookups.map((lookup) => answerOf(lookup, outcomes[at++])));
      } catch (error) {
        reject(error);
      }
    }
  }

  async function dump<A extends Message, R extends Message>(
    schema: A,
    value: MessageInput<A>,
    reply: R,
    containing?: readonly Uint8Array[],
  ) {
    await generation();
    try {
      return await socket.dump(schema, value, reply, containing);
    } catch (error) {
      if (error instanceof NetlinkError && error.code === "ENOENT") return [];
      throw error;
    }
  }

  const rules = <R extends Message>(
    { family, table }: TableRef,
    chain: string,
    reply: R,
    containing?: readonly Uint8Array[],
  ) => dump(getRule, { header: { family }, attrs: { table, chain } }, reply, containing);

  return {
    generation,
    find: async (...lookups) => (await findAll(lookups)) as never,
    findAll,
    async elements({ family, table }, set, containing) {
      const keep = containsAny(containing);
      const reply = keep ? someElements(keep) : newElements;
      const answers = await dump(getElements, { header: { family }, attrs: { table, set } }, reply, containing);
      return answers.flatMap(({ attrs }) => attrs.elements ?? []);
    },
    async elementsWithKeys({ family, table }, set, wanted) {
      const reply = someElements((bytes) => {
        const key = leadingKey(bytes);
        return key === undefined || wanted(key);
      });
      const answers = await dump(getElements, { header: { family }, attrs: { table, set } }, reply);
      const elements = answers.flatMap(({ attrs }) => attrs.elements ?? []);
      return elements.filter((element) => element.key?.value !== undefined && wanted(element.key.value));
    },
    rules: async (table, chain, containing) =>
      (await rules(table, chain, newRule, containing)).map(({ attrs }) => attrs),
    ruleComments: async (table, chain) =>
      (await rules(table, chain, ruleHead)).map(({ attrs }) => commentOf(attrs.userdata) ?? ""),
    async chains({ family, table }, containing) {
      const answers = await dump(getChain, { header: { family } }, newChain, containing);
      return answers.map(({ attrs }) => attrs).filter((chain) => chain.table === table);
    },
    async baseChains(hook, ...names) {
      // The attribute as it travels: length 8, type HOOKNUM, the number.
      const attribute = Uint8Array.of(8, 0, NFTA_HOOK.HOOKNUM, 0, 0, 0, 0, HOOK[hook]);
      const needles = [attribute, ...names.map((name) => new TextEncoder().encode(`${name}\0`))];
      const answers = await dump(getChain, {}, newChain, needles);
      return answers
        .filter(({ attrs }) => attrs.hook?.hooknum === HOOK[hook] || names.includes(attrs.name ?? ""))
        .map(({ header, attrs }) => ({ ...attrs, family: header.family }));
    },
    async counters({ family, table }, containing) {
      const value = { header: { family }, attrs: { table, type: NFT_OBJECT.COUNTER } };
      return (await dump(getObject, value, newObject, containing)).map(({ attrs }) => attrs);
    },
    async tables() {
      const answers = await dump(getTable, {}, newTable);
      return answers.map(({ header, attrs }) => ({ ...attrs, family: header.family }));
    },
  };
}

/** What one part of a program asks for, and how it gets it. */
interface Question {
  readonly lookups: readonly NftLookup<unknown>[];
  resolve(found: unknown[]): void;
  reject(error: unknown): void;
}

function answerOf<T>(lookup: NftLookup<T>, outcome: Outcome | undefined): T | undefined {
  if (outcome?.errno === ENOENT) return undefined;
  if (outcome?.error) throw outcome.error;
  const raw = outcome?.replies[0];
  if (!raw) throw new NetlinkError(lookup.request.op, EPROTO, { message: "no answer" });
  return lookup.decode(raw);
}
