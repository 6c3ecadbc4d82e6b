import {
  commentOf,
  NFT_SET,
  NFT_SET_ELEM,
  type NftElement,
  type NftSet,
  type Verdict,
} from "../../../netlink/nft/index.ts";
import type { Form } from "../names.ts";
import { type DataType, fromNumber, type ShowContext, showValue, T, toNumber, typesOf } from "./types.ts";

/** A verdict as a statement: `{ accept: null }`, `{ jump: { target } }`. */
export function verdictForm(verdict: Verdict | undefined): Form {
  const code = verdict?.code ?? "unknown";
  if (code === "jump" || code === "goto") return { [code]: { target: verdict?.chain } };
  return { [String(code)]: null };
}

export interface SetTypes {
  readonly key: readonly DataType[];
  readonly data: readonly DataType[];
}

/** Types of keys and data. What the set does not know itself comes from the expression it is looked up with. */
export function setTypes(set: NftSet, left: readonly DataType[] = []): SetTypes {
  const key = typesOf(set.keyType ?? 0);
  const known = key.map((type, i) => (type.id === T.integer.id || type.size === 0 ? (left[i] ?? type) : type));
  return { key: known.length === 0 ? left : known, data: typesOf(set.dataType ?? 0) };
}

/** One value, or the parts of a concatenation, each at a multiple of four bytes. */
export function showKey(types: readonly DataType[], bytes: Uint8Array, context: ShowContext): unknown {
  const [type] = types;
  if (types.length < 2) return showValue(type ?? T.integer, bytes, context);
  return { concat: parts(types, bytes).map(({ type: t, bytes: b }) => showValue(t, b, context)) };
}

function parts(types: readonly DataType[], bytes: Uint8Array): { type: DataType; bytes: Uint8Array }[] {
  let at = 0;
  return types.map((type) => {
    const size = type.size || 4;
    const part = bytes.subarray(at, at + size);
    at += Math.ceil(size / 4) * 4;
    return { type, bytes: part };
  });
}

/** Names are compared byte by byte in intervals, whatever the machine's order of bytes. */
const inOrder = (type: DataType): boolean => type.network || type === T.ifName;

/** From one value to another: itself, a prefix where that is what addresses have, or a range. */
export function showRange(type: DataType, low: Uint8Array, high: Uint8Array, context: ShowContext): unknown {
  const network = inOrder(type);
  const [from, to] = [toNumber(low, network), toNumber(high, network)];
  if (from === to) return showValue(type, low, context);
  const span = to - from;
  const stop = low.indexOf(0);
  // All names that begin so.
  if (type === T.ifName && stop > 0 && span === (1n << BigInt((low.length - stop) * 8)) - 1n)
    return showValue(type, low.subarray(0, stop), context);
  const bits = BigInt(low.length * 8);
  const power = span & (span + 1n);
  if (type.prefix && power === 0n && (from & span) === 0n)
    return { prefix: { addr: showValue(type, low, context), len: Number(bits) - span.toString(2).length } };
  return { range: [showValue(type, low, context), showValue(type, high, context)] };
}

function elementKey(
  types: readonly DataType[],
  key: Uint8Array,
  end: Uint8Array | undefined,
  context: ShowContext,
): unknown {
  if (!end) return showKey(types, key, context);
  const [type] = types;
  if (types.length < 2) return showRange(type ?? T.integer, key, end, context);
  const highs = parts(types, end);
  return {
    concat: parts(types, key).map(({ type: t, bytes }, i) => showRange(t, bytes, highs[i]?.bytes ?? bytes, context)),
  };
}

/** All elements of a set or map as `nft -j` lists them: boundaries of intervals put together, in the order of their keys. */
export function elementForms(
  set: NftSet,
  elements: readonly NftElement[],
  context: ShowContext,
  left?: readonly DataType[],
): unknown[] {
  const types = setTypes(set, left);
  const flags = set.flags ?? 0;
  const isMap = (flags & (NFT_SET.MAP | NFT_SET.OBJECT)) !== 0;
  const interval = (flags & NFT_SET.INTERVAL) !== 0 && types.key.length < 2;
  const [type = T.integer] = types.key;
  const inNetworkOrder = types.key.length > 1 || type.network;
  const keyed = elements.map((element) => ({
    element,
    key: element.key?.value ?? NO_BYTES,
    end: element.keyEnd?.value,
  }));
  const listed = interval ? intervals(keyed, type) : sorted(keyed, inNetworkOrder);
  return listed.map(({ element, key, end }) => {
    const catchall = ((element.flags ?? 0) & NFT_SET_ELEM.CATCHALL) !== 0;
    const value = withExtras(catchall ? "*" : elementKey(types.key, key, end, context), element);
    return isMap ? [value, dataForm(types.data, element, context)] : value;
  });
}

/** By the numbers that keys of one length are. */
function sorted(keyed: Keyed[], networkOrder: boolean): Keyed[] {
  const at = networkOrder
    ? (bytes: Uint8Array, i: number): number => bytes[i] ?? 0
    : (bytes: Uint8Array, i: number): number => bytes[bytes.length - 1 - i] ?? 0;
  return keyed.sort((a, b) => {
    for (let i = 0; i < a.key.length; i++) {
      const difference = at(a.key, i) - at(b.key, i);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

const NO_BYTES = new Uint8Array();
const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

interface Keyed {
  readonly element: NftElement;
  readonly key: Uint8Array;
  readonly end: Uint8Array | undefined;
}

/** The kernel keeps where an interval begins and, as an element of its own, what comes after its end. */
function intervals(keyed: readonly Keyed[], type: DataType): Keyed[] {
  const isEnd = ({ element }: Keyed): boolean => ((element.flags ?? 0) & NFT_SET_ELEM.INTERVAL_END) !== 0;
  const isAll = ({ element }: Keyed): boolean => ((element.flags ?? 0) & NFT_SET_ELEM.CATCHALL) !== 0;
  const boundaries = keyed
    .filter((each) => !isAll(each))
    .map((each) => ({ ...each, at: toNumber(each.key, inOrder(type)), stop: isEnd(each) }))
    .sort((a, b) => compare(a.at, b.at) || Number(b.stop) - Number(a.stop));
  const found: Keyed[] = [];
  for (const [i, each] of boundaries.entries()) {
    if (each.stop) continue;
    const next = boundaries[i + 1];
    const length = each.key.length;
    const last = next === undefined ? (1n << BigInt(length * 8)) - 1n : next.at - 1n;
    found.push({ element: each.element, key: each.key, end: each.end ?? fromNumber(last, length, inOrder(type)) });
  }
  return [...found, ...keyed.filter(isAll)];
}

function dataForm(types: readonly DataType[], element: NftElement, context: ShowContext): unknown {
  if (element.objref !== undefined) return element.objref;
  const { value, verdict } = element.data ?? {};
  if (verdict) return verdictForm(verdict);
  return value ? showKey(types, value, context) : null;
}

const seconds = (ms: bigint | undefined): number | undefined => (ms === undefined ? undefined : Number(ms / 1000n));

function withExtras(val: unknown, element: NftElement): unknown {
  const comment = commentOf(element.userdata);
  const timeout = seconds(element.timeout);
  const expires = seconds(element.expiration);
  if (comment === undefined && timeout === undefined && expires === undefined) return val;
  return { elem: { val, timeout, expires, comment } };
}
