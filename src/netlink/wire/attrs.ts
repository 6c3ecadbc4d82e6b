import {
  type AnyCodec,
  ATTR_HEADER,
  lastPlace,
  lengthAt,
  locateAttr,
  locateMissing,
  type Place,
  put,
  putUnknown,
  raw,
  type Slot,
  TYPE_MASK,
  type UnknownAttr,
  u16At,
  unknownAttr,
  walk,
} from "./attr.ts";
import {
  type AttrFields,
  align4,
  type Codec,
  DecodeError,
  EncodeError,
  type Infer,
  type Input,
  type Source,
  type TagGroup,
} from "./codec.ts";
import { once } from "./once.ts";
import { decoder, encoder } from "./text.ts";

type Spec = Readonly<Record<string, readonly [number, AnyCodec]>>;
type Rest = { unknown?: UnknownAttr[] | undefined };

type AttrsOut<S extends Spec> = { [K in keyof S]?: Infer<S[K][1]> | undefined } & Rest;
type AttrsIn<S extends Spec> = { [K in keyof S]?: Input<S[K][1]> | undefined } & Rest;

/** An attribute list whose parts can be joined with others by `merge`. */
export interface AttrsCodec<Out, In = Out> extends Codec<Out, In> {
  readonly shape: { kind: "attrs"; fields: AttrFields; groups: readonly TagGroup[] };
  /** What `shape.fields` is joined from; of two fields of a name the later counts. */
  readonly parts: readonly AttrFields[];
  readonly groups: readonly TagGroup[];
}

/**
 * A list of attributes, each at most once. Every field is optional: `undefined` means absent. Attributes are written in
 * the order of the value's own keys, so what was read is written back byte for byte.
 */
export function attrs<const S extends Spec>(fields: S): AttrsCodec<AttrsOut<S>, AttrsIn<S>> {
  return attributeList([fields], []) as AttrsCodec<AttrsOut<S>, AttrsIn<S>>;
}

/**
 * Of a list only these attributes. The others are passed over and not kept, for readers of long answers that want little of
 * them: reading all of a link takes eight times as long as its name and state.
 */
export function picked<const S extends Spec>(fields: S): AttrsCodec<AttrsOut<S>, AttrsIn<S>> {
  return attributeList([fields], [], { keepsUnknown: false }) as AttrsCodec<AttrsOut<S>, AttrsIn<S>>;
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
  return attributeList([], [group]) as never;
}

/** One list out of two: `merge(tagged(…), attrs(…))`. */
export function merge<AO, AI, BO, BI>(a: AttrsCodec<AO, AI>, b: AttrsCodec<BO, BI>): AttrsCodec<AO & BO, AI & BI> {
  return attributeList([...a.parts, ...b.parts], [...a.groups, ...b.groups]) as never;
}

function attributeList(
  parts: readonly AttrFields[],
  groups: readonly TagGroup[],
  { keepsUnknown }: { keepsUnknown: boolean } = { keepsUnknown: true },
): AttrsCodec<Record<string, unknown>> {
  const slots = once(() => {
    const byType = new Map<number, Slot>();
    for (const part of parts)
      for (const key in part) {
        const field = part[key];
        if (field) byType.set(field[0], { key, type: field[0], codec: field[1] });
      }
    for (const g of groups) byType.set(g.kindType, { key: g.kindKey, type: g.kindType, codec: kindName });
    return byType;
  });
  /** By name, for writing; of two fields of a name the later counts. */
  const named = once(() => {
    const byKey: Record<string, Slot> = Object.create(null);
    for (const part of parts)
      for (const key in part) {
        const field = part[key];
        if (field) byKey[key] = { key, type: field[0], codec: field[1] };
      }
    return byKey;
  });
  /** Gives the field of each type of attribute in `[start, end)`; that of data is known by the kind that stands beside it. */
  const slotsAt = (src: Source, start: number, end: number): ((type: number) => Slot | undefined) => {
    const known = slots();
    if (groups.length === 0) return (type) => known.get(type);
    const data = new Map<number, Slot>();
    walk(src, start, end, (type, from, to) => {
      for (const g of groups)
        if (type === g.kindType)
          data.set(g.dataType, { key: g.dataKey, type, codec: variantOf(g, kindName.read(src, from, to)) ?? raw });
    });
    return (type) => known.get(type) ?? data.get(type);
  };

  return {
    size: undefined,
    // Joined for those who ask: schemas of links have 60 fields, and a process makes several before its first message.
    get shape() {
      return { kind: "attrs" as const, fields: Object.assign({}, ...parts) as AttrFields, groups };
    },
    parts,
    groups,
    read(src, start, end) {
      const known = groups.length === 0 ? slots() : undefined;
      const slotOf = known === undefined ? slotsAt(src, start, end) : undefined;
      const { bytes } = src;
      const out: Record<string, unknown> = {};
      let unknown: UnknownAttr[] | undefined;
      /** Where those last stood that stand more than once. */
      let repeated: Map<number, Place> | undefined;
      // As `walk` does, without a call and an object for each attribute: this loop is most of what reading takes.
      for (let at = start, index = 0; at < end; index++) {
        const length = end - at < ATTR_HEADER ? 0 : u16At(bytes, at);
        if (length < ATTR_HEADER || length > end - at) {
          // Padding, or an error that says what is wrong.
          lengthAt(src, at, end, index);
          break;
        }
        const type = u16At(bytes, at + 2) & TYPE_MASK;
        const slot = known === undefined ? slotOf?.(type) : known.get(type);
        if (slot === undefined) {
          if (keepsUnknown) {
            unknown ??= [];
            unknown.push(unknownAttr(src, { from: at + ATTR_HEADER, to: at + length, index }));
          }
        } else {
          const { key } = slot;
          if (out[key] !== undefined) {
            // The kernel takes the last of two; the earlier is kept as bytes.
            unknown ??= [];
            repeated ??= new Map();
            unknown.push(unknownAttr(src, repeated.get(type) ?? lastPlace(src, start, at, type)));
            repeated.set(type, { from: at + ATTR_HEADER, to: at + length, index });
            delete out[key];
          }
          try {
            out[key] = slot.codec.read(src, at + ATTR_HEADER, at + length);
          } catch (error) {
            if (error instanceof DecodeError) throw error.within(key);
            throw error;
          }
        }
        at += align4(length);
      }
      for (const g of groups) {
        const kind = out[g.kindKey] as string | undefined;
        if (kind === undefined || variantOf(g, kind)) continue;
        out[g.kindKey] = "unknown";
        out[kindNameKey(g)] = kind;
      }
      if (unknown !== undefined) out["unknown"] = unknown.sort((a, b) => a.index - b.index);
      return out;
    },
    write(sink, value) {
      const known = named();
      const unknown = (value["unknown"] as UnknownAttr[] | undefined) ?? [];
      let written = 0;
      let next = 0;
      for (const key in value) {
        const v = value[key];
        if (v === undefined || key === "unknown") continue;
        for (let u = unknown[next]; u && u.index <= written; u = unknown[++next], written++) putUnknown(sink, u);
        const slot = known[key] ?? taggedSlot(key, value);
        if (slot === undefined) continue;
        try {
          const isUnknownKind = slot.codec === kindName && v === "unknown";
          put(sink, slot.type, slot.codec, isUnknownKind ? value[`${key}Name`] : v);
        } catch (error) {
          if (error instanceof EncodeError) throw error.within(key);
          throw error;
        }
        written++;
      }
      for (; next < unknown.length; next++) putUnknown(sink, unknown[next] as UnknownAttr);
    },
    locate: (src, start, end, offset) => locateAttr(src, start, end, offset, slotsAt(src, start, end)),
    missing(src, start, end, nest, type) {
      const slotOf = slotsAt(src, start, end);
      if (nest === undefined) return [slotOf(type)?.key ?? `attribute ${type}`];
      return locateMissing(src, start, end, nest, type, slotOf);
    },
  };

  /** The attribute of a pair that `key` stands for; `undefined` for the name of a kind without a variant, which is none of its own. */
  function taggedSlot(key: string, value: Record<string, unknown>): Slot | undefined {
    for (const g of groups) {
      if (key === kindNameKey(g)) return undefined;
      if (key === g.kindKey) return { key, type: g.kindType, codec: kindName };
      if (key !== g.dataKey) continue;
      const kind = value[g.kindKey] as string | undefined;
      if (kind === undefined) throw new EncodeError(`needs ${g.kindKey} beside it`).within(key);
      const codec = kind === "unknown" ? raw : variantOf(g, kind);
      if (!codec) throw new EncodeError(`"${kind}" is none of ${Object.keys(g.variants).join(", ")}`).within(g.kindKey);
      return { key, type: g.dataType, codec };
    }
    throw new EncodeError("there is no such attribute").within(key);
  }
}

const kindNameKey = (group: TagGroup): string => `${group.kindKey}Name`;

function variantOf(group: TagGroup, kind: string): AnyCodec | undefined {
  return Object.hasOwn(group.variants, kind) ? group.variants[kind] : undefined;
}

/** A kind's name. Unlike `cstring` it keeps what follows a NUL, so that two different kinds never read as one. */
const kindName: Codec<string> = {
  size: undefined,
  shape: { kind: "string" },
  read(src, start, end) {
    const stop = end > start && src.bytes[end - 1] === 0 ? end - 1 : end;
    return decoder.decode(src.bytes.subarray(start, stop));
  },
  write(sink, value) {
    sink.put(encoder.encode(value));
    sink.take(1);
  },
};
