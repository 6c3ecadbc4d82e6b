import { align4, type Codec, DecodeError, EncodeError, type Sink, type Source, within } from "./codec.ts";

/** `struct nlattr`, linux/netlink.h: u16 length with header, u16 type whose two upper bits are flags. */
export const ATTR_HEADER = 4;
export const TYPE_MASK = 0x3fff;
const NLA_F_NESTED = 0x8000;
const MAX_LENGTH = 0xffff;

/** An attribute the schema does not know, or that stood twice; written back where it stood. */
export interface UnknownAttr {
  type: number;
  /** The two upper bits of its type, NLA_F_NESTED and NLA_F_NET_BYTEORDER, if any was set. */
  flags?: number | undefined;
  data: Uint8Array;
  /** Its place among the attributes of its list. */
  index: number;
}

// biome-ignore lint/suspicious/noExplicitAny: the widest codec; a narrower bound refuses codecs that write less than they read
export type AnyCodec = Codec<any, any>;

/** A field of a list: what the schema calls it, its type, and how its payload is read. */
export interface Slot {
  readonly key: string;
  readonly type: number;
  readonly codec: AnyCodec;
}

/** Length of the attribute at `at`, header included; 0 for padding behind the last one, which is no attribute. */
export function lengthAt(src: Source, at: number, end: number, index: number): number {
  if (end - at < ATTR_HEADER) {
    if (src.bytes.subarray(at, end).every((b) => b === 0)) return 0;
    throw new DecodeError(`attribute ${index}: need ${ATTR_HEADER} bytes, have ${end - at}`);
  }
  const length = src.view.getUint16(at, true);
  if (length < ATTR_HEADER || length > end - at)
    throw new DecodeError(`attribute ${index}: length ${length} is outside ${ATTR_HEADER}..${end - at}`);
  return length;
}

/** 16 bits at `at`, which is inside. */
export const u16At = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

/** Visits each attribute's payload, `[from, to)`; the header stands before it. */
export function walk(
  src: Source,
  start: number,
  end: number,
  visit: (type: number, from: number, to: number, index: number) => void,
): void {
  for (let at = start, index = 0; at < end; index++) {
    const length = lengthAt(src, at, end, index);
    if (length === 0) return;
    visit(u16At(src.bytes, at + 2) & TYPE_MASK, at + ATTR_HEADER, at + length, index);
    at += align4(length);
  }
}

/** Where an attribute stands: its payload is `[from, to)`. */
export interface Place {
  readonly from: number;
  readonly to: number;
  /** Among the attributes of its list. */
  readonly index: number;
}

/** Where the last attribute of a type stands in `[start, end)`; there is one. */
export function lastPlace(src: Source, start: number, end: number, type: number): Place {
  let place: Place = { from: start, to: start, index: 0 };
  walk(src, start, end, (t, from, to, index) => {
    if (t === type) place = { from, to, index };
  });
  return place;
}

/** An attribute as bytes. */
export function unknownAttr(src: Source, { from, to, index }: Place): UnknownAttr {
  const type = src.view.getUint16(from - 2, true);
  const flags = type & ~TYPE_MASK;
  return { type: type & TYPE_MASK, ...(flags === 0 ? {} : { flags }), data: src.bytes.slice(from, to), index };
}

/** Writes one attribute: header, payload, padding. Its name is the caller's to add to an error's path. */
export function put(sink: Sink, type: number, codec: AnyCodec, value: unknown): void {
  const at = sink.take(ATTR_HEADER);
  codec.write(sink, value);
  const length = sink.length - at;
  if (length > MAX_LENGTH)
    throw new EncodeError(`${length} bytes do not fit an attribute (at most ${MAX_LENGTH}, its header included)`);
  const wire = codec.nested ? type | NLA_F_NESTED : type;
  const { bytes } = sink;
  bytes[at] = length;
  bytes[at + 1] = length >> 8;
  bytes[at + 2] = wire;
  bytes[at + 3] = wire >> 8;
  const padding = -length & 3;
  if (padding > 0) sink.take(padding);
}

export const raw: Codec<Uint8Array> = {
  size: undefined,
  shape: { kind: "bytes" },
  read: (src, start, end) => src.bytes.slice(start, end),
  write: (sink, value) => sink.put(value),
};

export const putUnknown = (sink: Sink, attr: UnknownAttr): void =>
  within("unknown", () => put(sink, attr.type | (attr.flags ?? 0), raw, attr.data));

/** Asked once for each attribute of a list, in order. */
type SlotOf = (type: number) => Pick<Slot, "key" | "codec"> | undefined;

/** Which field stands at `offset`, looked up through the attributes around it. */
export function locateAttr(src: Source, start: number, end: number, offset: number, slotOf: SlotOf): string[] {
  let path: string[] = [];
  walk(src, start, end, (type, from, to) => {
    const slot = slotOf(type);
    if (offset < from - ATTR_HEADER || offset >= to) return;
    if (!slot) path = [`attribute ${type}`];
    else if (offset < from) path = [slot.key];
    else path = [slot.key, ...(slot.codec.locate?.(src, from, to, offset) ?? [])];
  });
  return path;
}

/**
 * The path of attribute `type`, missing in the nest whose header stands at `nest`, looked up through the attributes
 * around that nest; `undefined` when no attribute of this list is or holds the nest.
 */
export function locateMissing(
  src: Source,
  start: number,
  end: number,
  nest: number,
  type: number,
  slotOf: SlotOf,
): string[] | undefined {
  let path: string[] | undefined;
  walk(src, start, end, (t, from, to) => {
    const { key, codec } = slotOf(t) ?? { key: `attribute ${t}`, codec: raw };
    const header = from - ATTR_HEADER;
    if (nest < header || nest >= to) return;
    const here = nest === header;
    const below = codec.missing?.(src, from, to, here ? undefined : nest, type);
    if (below) path = [key, ...below];
    else if (here) path = [key, `attribute ${type}`];
  });
  return path;
}
