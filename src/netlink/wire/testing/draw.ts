import fc from "fast-check";
import { formatIpv4, formatIpv6 } from "../../../ip/index.ts";
import type { AnyCodec } from "../attr.ts";
import type { Shape, TagGroup } from "../codec.ts";
import type { Message, MessageOf } from "../message.ts";

export interface DrawOptions {
  /**
   * Values for a codec whose shape is "custom". Where there are none, the attribute it stands in is left out, and a
   * structure or list of it cannot be drawn.
   */
  readonly custom?: ((codec: AnyCodec) => fc.Arbitrary<unknown> | undefined) | undefined;
}

type Attrs = Extract<Shape, { kind: "attrs" }>;
type Struct = Extract<Shape, { kind: "struct" }>;

/** Messages in the form that reading them gives: written and read again, they are equal. */
export function messagesOf<M extends Message>(message: M, options: DrawOptions = {}): fc.Arbitrary<MessageOf<M>> {
  const header = valuesOf(message.header, options);
  const attrs = valuesOf(message.attrs, options);
  if (!header || !attrs) throw new Error(`${message.name}: say how to draw its custom codecs (options.custom)`);
  return fc.record({ header, attrs }) as fc.Arbitrary<unknown> as fc.Arbitrary<MessageOf<M>>;
}

/** Values in the form that reading them gives; `undefined` when nobody knows how to draw one. */
export function valuesOf(codec: AnyCodec, options: DrawOptions = {}): fc.Arbitrary<unknown> | undefined {
  const shape: Shape = codec.shape;
  switch (shape.kind) {
    case "uint":
      return fc.integer({ min: 0, max: 2 ** shape.bits - 1 });
    case "int":
      return fc.integer({ min: -(2 ** (shape.bits - 1)), max: 2 ** (shape.bits - 1) - 1 });
    case "bigint":
      return shape.signed
        ? fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
        : fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case "enum":
      return enums(shape.names, shape.values, shape.bits);
    case "flag":
      return fc.constant(true);
    case "pad":
      return fc.constant(undefined);
    case "bytes":
      return fc.uint8Array(
        shape.size === undefined ? { maxLength: 12 } : { minLength: shape.size, maxLength: shape.size },
      );
    case "string":
      return text.map((s) => cut(s.replaceAll("\0", ""), (shape.size ?? 64) - 1));
    case "ipv4":
      return ipv4s;
    case "ipv6":
      return ipv6s;
    case "ip":
      return fc.oneof(ipv4s, ipv6s);
    case "mac":
      return macs(codec.size);
    case "struct":
      return structs(shape, codec.size, options);
    case "headed":
      return pair(valuesOf(shape.header, options), valuesOf(shape.attrs, options));
    case "attrs":
      return attrLists(shape, options);
    case "list": {
      const of = valuesOf(shape.of, options);
      return of && fc.array(of, { maxLength: 3 });
    }
    case "custom":
      return options.custom?.(codec);
  }
}

const text = fc.string({ unit: "binary", maxLength: 20 });
const byteRow = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const ipv4s = byteRow(4).map(formatIpv4);
const ipv6s = fc
  .tuple(byteRow(16), fc.subarray([...Array(16).keys()]))
  .map(([bytes, zeros]) => formatIpv6(bytes.map((b, i) => (zeros.includes(i) ? 0 : b))));

const hexPair = (b: number): string => b.toString(16).padStart(2, "0");
const macs = (size: number | undefined): fc.Arbitrary<string> =>
  (size === undefined ? fc.oneof(byteRow(6), byteRow(6), byteRow(4), byteRow(16), byteRow(0)) : byteRow(size)).map(
    (bytes) => Array.from(bytes, hexPair).join(":"),
  );

/** The longest beginning of whole characters that takes at most `limit` bytes. */
function cut(value: string, limit: number): string {
  let out = "";
  for (const character of value) {
    if (Buffer.byteLength(out + character) > limit) break;
    out += character;
  }
  return out;
}

function enums(names: readonly string[], values: readonly number[], bits: number): fc.Arbitrary<string | number> {
  const nameOf = new Map(values.map((value, i) => [value, names[i] as string]));
  // The lower half, so that it fits a signed number too.
  return fc
    .oneof(fc.constantFrom(...values), fc.integer({ min: 0, max: 2 ** (bits - 1) - 1 }))
    .map((value) => nameOf.get(value) ?? value);
}

function pair(
  header: fc.Arbitrary<unknown> | undefined,
  attrs: fc.Arbitrary<unknown> | undefined,
): fc.Arbitrary<unknown> | undefined {
  return header && attrs && fc.record({ header, attrs });
}

function structs(shape: Struct, size: number | undefined, options: DrawOptions): fc.Arbitrary<unknown> | undefined {
  const fields: [string, fc.Arbitrary<unknown>][] = [];
  for (const [key, part] of Object.entries(shape.fields)) {
    const values = valuesOf(part, options);
    if (!values) return undefined;
    if (part.shape.kind !== "pad") fields.push([key, values]);
  }
  const all = fc.record(Object.fromEntries(fields));
  if (!shape.growing || size !== undefined) return all;
  return fc
    .tuple(all, fc.nat({ max: fields.length }))
    .map(([value, count]) => Object.fromEntries(Object.entries(value).slice(0, count)));
}

type Value = Record<string, unknown>;
/** What stands at one place of a list: a field as the keys it gives, or an attribute that the schema does not know. */
type Entry = { field: Value } | { stranger: { type: number; flags?: number; data: Uint8Array } };
/** Entries that come together, each with a number by which all are sorted. */
type Entries = readonly (readonly [order: number, Entry])[];

function attrLists(shape: Attrs, options: DrawOptions): fc.Arbitrary<unknown> {
  const parts: fc.Arbitrary<Entries>[] = [];
  for (const [key, [, codec]] of Object.entries(shape.fields)) {
    const values = valuesOf(codec, options);
    if (values) parts.push(ordered(values.map((value) => [{ field: { [key]: value } }])));
  }
  for (const group of shape.groups) parts.push(tags(group, options));
  parts.push(strangers(shape), strangers(shape));
  return fc
    .shuffledSubarray(parts, { maxLength: Math.min(parts.length, 8) })
    .chain((chosen) => fc.tuple(...chosen))
    .map((drawn) => arrange(drawn.flat()));
}

const ordered = (entries: fc.Arbitrary<readonly Entry[]>): fc.Arbitrary<Entries> =>
  fc
    .tuple(entries, fc.tuple(fc.nat(), fc.nat()))
    .map(([all, order]) => all.map((entry, i) => [order[i] ?? 0, entry] as const));

function tags({ kindKey, dataKey, variants }: TagGroup, options: DrawOptions): fc.Arbitrary<Entries> {
  const stranger = text
    .filter((name) => !Object.hasOwn(variants, name))
    .map((name): Entry => ({ field: { [kindKey]: "unknown", [`${kindKey}Name`]: name } }));
  const data = (values: fc.Arbitrary<unknown>) => values.map((value): Entry => ({ field: { [dataKey]: value } }));
  const choices: fc.Arbitrary<Entry[]>[] = [fc.tuple(stranger), fc.tuple(stranger, data(fc.uint8Array()))];
  for (const [kind, codec] of Object.entries(variants)) {
    const only = fc.constant<Entry>({ field: { [kindKey]: kind } });
    const values = valuesOf(codec, options);
    choices.push(fc.tuple(only));
    if (values) choices.push(fc.tuple(only, data(values)));
  }
  return ordered(fc.oneof(...choices));
}

function strangers(shape: Attrs): fc.Arbitrary<Entries> {
  const known = knownTypes(shape);
  return ordered(
    fc
      .record(
        {
          type: fc.integer({ min: 0, max: 0x3fff }).filter((type) => !known.includes(type)),
          flags: fc.constantFrom(0x4000, 0x8000, 0xc000),
          data: fc.uint8Array({ maxLength: 9 }),
        },
        { requiredKeys: ["type", "data"] },
      )
      .map((stranger) => [{ stranger }]),
  );
}

export const knownTypes = (shape: Attrs): number[] => [
  ...Object.values(shape.fields).map(([type]) => type),
  ...shape.groups.flatMap((g) => [g.kindType, g.dataType]),
];

function arrange(entries: Entries): Value {
  const out: Value = {};
  const unknown: unknown[] = [];
  for (const [index, [, entry]] of entries.toSorted(([a], [b]) => a - b).entries()) {
    if ("stranger" in entry) unknown.push({ ...entry.stranger, index });
    else Object.assign(out, entry.field);
  }
  if (unknown.length > 0) out["unknown"] = unknown;
  return out;
}
