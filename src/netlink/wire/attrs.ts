import {
  type AttrFields,
  align4,
  type Codec,
  DecodeError,
  EncodeError,
  type Infer,
  type Input,
  type Sink,
  type Source,
  type TagGroup,
  within,
} from "./codec.ts";

/** `struct nlattr`, linux/netlink.h: u16 length with header, u16 type whose two upper bits are flags. */
const HEADER = 4;
const TYPE_MASK = 0x3fff;
const NLA_F_NESTED = 0x8000;
const MAX_LENGTH = 0xffff;

/** An attribute the schema does not know, or that stood twice; written back where it stood. */
export interface UnknownAttr {
  type: number;
  data: Uint8Array;
  /** Its place among the attributes of its list. */
  index: number;
}

// biome-ignore lint/suspicious/noExplicitAny: the widest codec; a narrower bound refuses codecs that write less than they read
type AnyCodec = Codec<any, any>;
type Spec = Readonly<Record<string, readonly [number, AnyCodec]>>;
type Rest = { unknown?: UnknownAttr[] | undefined };

type AttrsOut<S extends Spec> = { [K in keyof S]?: Infer<S[K][1]> | undefined } & Rest;
type AttrsIn<S extends Spec> = { [K in keyof S]?: Input<S[K][1]> | undefined } & Rest;

/** An attribute list whose parts can be joined with others by `merge`. */
export interface AttrsCodec<Out, In = Out> extends Codec<Out, In> {
  readonly shape: { kind: "attrs"; fields: AttrFields; groups: readonly TagGroup[] };
}

/**
 * A list of attributes, each at most once. Every field is optional: `undefined` means absent. Attributes are written in
 * the order of the value's own keys, so what was read is written back byte for byte.
 */
export function attrs<const S extends Spec>(fields: S): AttrsCodec<AttrsOut<S>, AttrsIn<S>> {
  return attributeList(fields, []) as AttrsCodec<AttrsOut<S>, AttrsIn<S>>;
}

type Variants = Readonly<Record<string, AnyCodec>>;
type Prefixed<P extends string, K extends "kind" | "data"> = P extends "" ? K : `${P}${Capitalize<K>}`;
type TaggedUnion<KindKey extends string, DataKey extends string, V extends Variants, Side extends "out" | "in"> =
  | {
      [K in keyof V & string]: { [P in KindKey]: K } & {
        [P in DataKey]?: (Side extends "out" ? Infer<V[K]> : Input<V[K]>) | undefined;
      };
    }[keyof V & string]
  | ({ [P in KindKey]: "unknown" } & { [P in `${KindKey}Name`]: string } & { [P in DataKey]?: Uint8Array | undefined })
  | ({ [P in KindKey]?: undefined } & { [P in DataKey]?: undefined });

/**
 * Two sibling attributes of which the first (a name) decides the form of the second: `{ kind: "vxlan", data: {…} }`.
 * A kind without a variant reads as `{ kind: "unknown", kindName: "wireguard", data: bytes }` and is written back.
 * @param prefix for a second pair in one list: "slave" gives `slaveKind`, `slaveData`
 */
export function tagged<const V extends Variants, P extends string = "">(
  types: { kind: number; data: number },
  variants: V,
  prefix?: P,
): AttrsCodec<
  TaggedUnion<Prefixed<P, "kind">, Prefixed<P, "data">, V, "out"> & Rest,
  TaggedUnion<Prefixed<P, "kind">, Prefixed<P, "data">, V, "in"> & Rest
> {
  const group: TagGroup = {
    kindKey: prefix ? `${prefix}Kind` : "kind",
    kindType: types.kind,
    dataKey: prefix ? `${prefix}Data` : "data",
    dataType: types.data,
    variants,
  };
  return attributeList({}, [group]) as never;
}

/** One list out of two: `merge(tagged(…), attrs(…))`. */
export function merge<AO, AI, BO, BI>(a: AttrsCodec<AO, AI>, b: AttrsCodec<BO, BI>): AttrsCodec<AO & BO, AI & BI> {
  return attributeList({ ...a.shape.fields, ...b.shape.fields }, [...a.shape.groups, ...b.shape.groups]) as never;
}

/** The same codec, written with NLA_F_NESTED on its attribute (nf_tables and newer families want it). */
export function nested<Out, In>(codec: Codec<Out, In>): Codec<Out, In> {
  return { ...codec, nested: true };
}

/** A nest that repeats one attribute type: `NFTA_LIST_ELEM`. */
export function list<Out, In>(type: number, of: Codec<Out, In>): Codec<Out[], In[]> {
  return sequence(of, () => type);
}

/** A nest whose attribute types count from `first`: TC actions, class tables. */
export function indexed<Out, In>(first: number, of: Codec<Out, In>): Codec<Out[], In[]> {
  return sequence(of, (i) => first + i);
}

function sequence<Out, In>(of: Codec<Out, In>, typeAt: (index: number) => number): Codec<Out[], In[]> {
  return {
    size: undefined,
    shape: { kind: "list", of: of as Codec<unknown, never> },
    read(src, start, end) {
      const out: Out[] = [];
      walk(src, start, end, (_type, from, to, i) => {
        out.push(within(String(i), () => of.read(src, from, to)));
      });
      return out;
    },
    write(sink, values) {
      for (const [i, value] of values.entries()) put(sink, typeAt(i), of, value, String(i));
    },
    locate(src, start, end, offset) {
      return find(src, start, end, offset, (_type, i) => [String(i), of]);
    },
    missing(src, start, end, nest, type) {
      return findMissing(src, start, end, nest, type, (_t, i) => [String(i), of]);
    },
  };
}

function walk(
  src: Source,
  start: number,
  end: number,
  visit: (type: number, from: number, to: number, index: number) => void,
): void {
  let at = start;
  for (let index = 0; at < end; index++) {
    if (end - at < HEADER) {
      // Padding behind the last attribute is no attribute.
      if (src.bytes.subarray(at, end).every((b) => b === 0)) return;
      throw new DecodeError(`attribute ${index}: need ${HEADER} bytes, have ${end - at}`);
    }
    const length = src.view.getUint16(at, true);
    if (length < HEADER || length > end - at)
      throw new DecodeError(`attribute ${index}: length ${length} is outside ${HEADER}..${end - at}`);
    visit(src.view.getUint16(at + 2, true) & TYPE_MASK, at + HEADER, at + length, index);
    at += align4(length);
  }
}

/** Writes one attribute: header, payload, padding. */
function put<In>(sink: Sink, type: number, codec: Codec<unknown, In>, value: In, name: string): void {
  const at = sink.take(HEADER);
  within(name, () => codec.write(sink, value));
  const length = sink.length - at;
  if (length > MAX_LENGTH)
    throw new EncodeError(`${length} bytes do not fit an attribute (at most ${MAX_LENGTH})`).within(name);
  sink.view.setUint16(at, length, true);
  sink.view.setUint16(at + 2, codec.nested ? type | NLA_F_NESTED : type, true);
  sink.align();
}

type Named = readonly [name: string, codec: AnyCodec];

/** Which field stands at `offset`, looked up through the attributes around it. */
function find(
  src: Source,
  start: number,
  end: number,
  offset: number,
  nameOf: (type: number, index: number) => Named | undefined,
): string[] {
  let path: string[] = [];
  walk(src, start, end, (type, from, to, index) => {
    if (offset < from - HEADER || offset >= to) return;
    const named = nameOf(type, index);
    if (!named) path = [`attribute ${type}`];
    else if (offset < from) path = [named[0]];
    else path = [named[0], ...(named[1].locate?.(src, from, to, offset) ?? [])];
  });
  return path;
}

function findMissing(
  src: Source,
  start: number,
  end: number,
  nest: number,
  type: number,
  nameOf: (type: number, index: number) => Named | undefined,
): string[] | undefined {
  let path: string[] | undefined;
  walk(src, start, end, (t, from, to, index) => {
    if (nest < from - HEADER || nest >= to) return;
    const named = nameOf(t, index);
    const below = named?.[1].missing?.(src, from, to, nest === from - HEADER ? from : nest, type);
    if (named && below) path = [named[0], ...below];
  });
  return path;
}

interface Slot {
  key: string;
  codec: AnyCodec;
}

function attributeList(fields: AttrFields, groups: readonly TagGroup[]): AttrsCodec<Record<string, unknown>> {
  const byType = new Map<number, Slot>();
  for (const key in fields) {
    const [type, codec] = fields[key] as readonly [number, AnyCodec];
    byType.set(type, { key, codec });
  }
  const nameOf = (type: number): Named | undefined => {
    const slot = byType.get(type);
    if (slot) return [slot.key, slot.codec];
    for (const g of groups) if (type === g.kindType) return [g.kindKey, raw];
    return undefined;
  };
  /** As `nameOf`, with the data attribute of a group resolved through the kind that stands beside it. */
  const resolver = (src: Source, start: number, end: number) => {
    const kinds = groups.map((g) => kindOf(src, start, end, g));
    return (type: number): Named | undefined => {
      for (const [i, g] of groups.entries())
        if (type === g.dataType) return [g.dataKey, (g.variants[kinds[i] ?? ""] as AnyCodec | undefined) ?? raw];
      return nameOf(type);
    };
  };

  return {
    size: undefined,
    shape: { kind: "attrs", fields, groups },
    read(src, start, end) {
      const out: Record<string, unknown> = {};
      const unknown: UnknownAttr[] = [];
      const kinds = groups.length === 0 ? [] : groups.map((g) => kindOf(src, start, end, g));
      const given = new Map<string, UnknownAttr>();
      walk(src, start, end, (type, from, to, index) => {
        const set = (key: string, value: unknown): void => {
          const earlier = given.get(key);
          if (earlier) {
            // The kernel takes the last of two; the first is kept as bytes.
            unknown.push(earlier);
            delete out[key];
          }
          given.set(key, { type, data: src.bytes.slice(from, to), index });
          out[key] = value;
        };
        const slot = byType.get(type);
        if (slot) return set(slot.key, readField(slot, src, from, to));
        for (const [i, g] of groups.entries()) {
          const kind = kinds[i];
          const variant = kind === undefined ? undefined : (g.variants[kind] as AnyCodec | undefined);
          if (type === g.kindType) {
            set(g.kindKey, variant ? kind : "unknown");
            if (!variant) out[`${g.kindKey}Name`] = kind ?? "";
            return;
          }
          if (type === g.dataType && kind !== undefined)
            return set(g.dataKey, readField({ key: g.dataKey, codec: variant ?? raw }, src, from, to));
        }
        unknown.push({ type, data: src.bytes.slice(from, to), index });
      });
      if (unknown.length > 0) out["unknown"] = unknown.sort((a, b) => a.index - b.index);
      return out;
    },
    write(sink, value) {
      const unknown = (value["unknown"] as UnknownAttr[] | undefined) ?? [];
      let written = 0;
      let next = 0;
      const flush = (limit: number): void => {
        for (let u = unknown[next]; u && u.index <= limit; u = unknown[++next]) {
          put(sink, u.type, raw, u.data, "unknown");
          written++;
          if (limit !== Number.POSITIVE_INFINITY) limit = written;
        }
      };
      for (const key in value) {
        const v = value[key];
        if (v === undefined || key === "unknown") continue;
        flush(written);
        if (writeOne(sink, key, v, value)) written++;
      }
      flush(Number.POSITIVE_INFINITY);
    },
    locate: (src, start, end, offset) => find(src, start, end, offset, resolver(src, start, end)),
    missing(src, start, end, nest, type) {
      if (nest !== start) return findMissing(src, start, end, nest, type, resolver(src, start, end));
      const named = resolver(src, start, end)(type);
      return [named ? named[0] : `attribute ${type}`];
    },
  };

  function writeOne(sink: Sink, key: string, v: unknown, value: Record<string, unknown>): boolean {
    const field = fields[key] as readonly [number, AnyCodec] | undefined;
    if (field) {
      put(sink, field[0], field[1], v, key);
      return true;
    }
    for (const g of groups) {
      const kind = value[g.kindKey] as string | undefined;
      if (key === g.kindKey) {
        put(sink, g.kindType, kindName, v === "unknown" ? (value[`${key}Name`] as string) : (v as string), key);
        return true;
      }
      if (key === g.dataKey && kind !== undefined) {
        const variant = (kind === "unknown" ? raw : g.variants[kind]) as AnyCodec | undefined;
        put(sink, g.dataType, variant ?? raw, v, key);
        return true;
      }
    }
    return false;
  }
}

function readField(slot: Slot, src: Source, from: number, to: number): unknown {
  try {
    return slot.codec.read(src, from, to);
  } catch (error) {
    if (error instanceof DecodeError) throw error.within(slot.key);
    throw error;
  }
}

function kindOf(src: Source, start: number, end: number, group: TagGroup): string | undefined {
  let kind: string | undefined;
  walk(src, start, end, (type, from, to) => {
    if (type === group.kindType) kind = kindName.read(src, from, to);
  });
  return kind;
}

const raw: Codec<Uint8Array> = {
  size: undefined,
  shape: { kind: "bytes" },
  read: (src, start, end) => src.bytes.slice(start, end),
  write: (sink, value) => sink.put(value),
};

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();
/** A kind's name. Unlike `cstring` it keeps what follows no NUL, so that any bytes survive. */
const kindName: Codec<string> = {
  size: undefined,
  shape: { kind: "string" },
  read(src, start, end) {
    const stop = end > start && src.bytes[end - 1] === 0 ? end - 1 : end;
    return textDecoder.decode(src.bytes.subarray(start, stop));
  },
  write(sink, value) {
    sink.put(textEncoder.encode(value));
    sink.take(1);
  },
};
