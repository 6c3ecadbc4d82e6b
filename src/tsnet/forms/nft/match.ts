import type { Form } from "../names.ts";
import { fieldAt } from "./payload.ts";
import { fromNumber, type ShowContext, showValue, toNumber } from "./types.ts";
import type { Value } from "./value.ts";

const OPS: Readonly<Record<string, string>> = { eq: "==", neq: "!=", lt: "<", lte: "<=", gt: ">", gte: ">=" };

export const matchForm = (op: string, left: unknown, right: unknown): Form => ({ match: { op, left, right } });

/** The value as an expression of its own, with its mask written out. */
export function leftForm(value: Value, context: ShowContext): unknown {
  if (value.mask) return { "&": [value.form, showValue(value.type, value.mask, context, value.network)] };
  if (value.prefixBits !== undefined) {
    const bits = BigInt(value.length * 8);
    const mask = ((1n << BigInt(value.prefixBits)) - 1n) << (bits - BigInt(value.prefixBits));
    return { "&": [value.form, showValue(value.type, fromNumber(mask, value.length, value.network), context)] };
  }
  return value.form;
}

/** A comparison with constant bytes: one match, or one for each of several fields that were loaded together. */
export function compareForms(
  value: Value,
  op: string | number | undefined,
  bytes: Uint8Array,
  context: ShowContext,
): Form[] {
  const sign = OPS[String(op)] ?? String(op);
  if (value.fields) {
    let at = 0;
    return value.fields.map((field) => {
      const part = bytes.subarray(at, at + field.bits / 8);
      at += field.bits / 8;
      return matchForm(sign, payloadForm(field), showValue(field.type, part, context));
    });
  }
  if (value.type.prefix && value.prefixBits === undefined && bytes.length < value.type.size) {
    const whole = new Uint8Array(value.type.size);
    whole.set(bytes);
    return [
      matchForm(sign, value.form, { prefix: { addr: showValue(value.type, whole, context), len: bytes.length * 8 } }),
    ];
  }
  if (value.prefixBits !== undefined) {
    const prefix = { prefix: { addr: showValue(value.type, bytes, context), len: value.prefixBits } };
    return [matchForm(sign, value.form, prefix)];
  }
  if (value.mask && value.type.bitmask) {
    const flags = showValue(value.type, value.mask, context, value.network);
    if (toNumber(bytes, true) === 0n && op === "neq") return [matchForm("in", value.form, flags)];
    if (toNumber(bytes, true) === 0n && op === "eq") return [matchForm("!", value.form, flags)];
  }
  return [matchForm(sign, leftForm(value, context), rightForm(value, bytes, context))];
}

/** Bytes as the value's type has them. */
export function rightForm(value: Value, bytes: Uint8Array, context: ShowContext): unknown {
  if (value.shift === undefined) return showValue(value.type, bytes, context, value.network);
  const shifted = toNumber(bytes, true) >> BigInt(value.shift);
  return showValue(value.type, fromNumber(shifted, value.type.size || bytes.length, true), context, true);
}

export const payloadForm = ({ protocol, field }: { readonly protocol: string; readonly field: string }): Form => ({
  payload: { protocol, field },
});

/** `(value & mask) ^ xor`, as what somebody wrote: a field, a prefix, flags, or the arithmetic. */
export function masked(value: Value, mask: Uint8Array, xor: Uint8Array, context: ShowContext): Value {
  const bits = mask.length * 8;
  const m = toNumber(mask, value.network);
  const x = toNumber(xor, value.network);
  const all = (1n << BigInt(bits)) - 1n;
  const show = (n: bigint): unknown =>
    showValue(value.type, fromNumber(n, mask.length, value.network), context, value.network);
  if (x === 0n) {
    if (value.raw?.protocol !== undefined) {
      const low = trailingZeros(m);
      const ones = m >> BigInt(low);
      const width = ones.toString(2).length;
      const field =
        m !== 0n && (ones & (ones + 1n)) === 0n
          ? fieldAt(value.raw.protocol, value.raw.offset + bits - low - width, width)
          : undefined;
      if (field) {
        const { type } = field;
        return { form: payloadForm(field), type, length: mask.length, network: true, shift: low };
      }
    }
    const rest = all ^ m;
    if (value.type.prefix && value.network && (rest & (rest + 1n)) === 0n)
      return { ...value, prefixBits: bits - (rest === 0n ? 0 : rest.toString(2).length) };
    if (value.type.bitmask) return { ...value, mask };
    return without(value, { "&": [value.form, show(m)] });
  }
  // Bits that are cleared and then turned are set.
  const set = (m ^ x) & x;
  const turned = x ^ set;
  const kept = m | set;
  let form: unknown = value.form;
  if (kept !== all) form = { "&": [form, show(kept)] };
  if (turned !== 0n) form = { "^": [form, show(turned)] };
  if (set !== 0n) form = { "|": [form, show(set)] };
  return { ...without(value, form), ...(value.raw ? { edit: { raw: value.raw, mask: m, xor: x, bits } } : {}) };
}

const without = ({ type, length, network }: Value, form: unknown): Value => ({ form, type, length, network });

/** A field whose bits alone a masked value changes, and what it sets them to; `undefined` when it is not one field. */
export function editedField(value: Value, context: ShowContext): { form: Form; value: unknown } | undefined {
  const { edit } = value;
  if (edit?.raw.protocol === undefined) return undefined;
  const changed = ((1n << BigInt(edit.bits)) - 1n) ^ edit.mask;
  if (changed === 0n) return undefined;
  const low = trailingZeros(changed);
  const width = (changed >> BigInt(low)).toString(2).length;
  const field = fieldAt(edit.raw.protocol, edit.raw.offset + edit.bits - low - width, width);
  if (!field) return undefined;
  const bytes = fromNumber((edit.xor & changed) >> BigInt(low), field.type.size || Math.ceil(width / 8), true);
  return { form: payloadForm(field), value: showValue(field.type, bytes, context, true) };
}

function trailingZeros(n: bigint): number {
  if (n === 0n) return 0;
  let zeros = 0;
  for (let rest = n; (rest & 1n) === 0n; rest >>= 1n) zeros++;
  return zeros;
}
