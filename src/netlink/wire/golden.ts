/**
 * Test support: messages recorded from iproute2, nft and the kernel, and the comparison with a schema in four ways. A
 * fixture is hex with comments; each row begins with a line `@ name`:
 *
 *     @ add
 *     # ip link add vx7 type vxlan id 7
 *     # kernel 6.18, iproute2-6.1.0
 *     48000000 1000 0506 01000000 00000000   # nlmsghdr
 */
import { expect } from "bun:test";
import { type AttrFields, align4, type Codec, type Shape, Sink, Source, type TagGroup } from "./codec.ts";
import { type Message, type MessageOf, NLMSG_HEADER } from "./message.ts";

export interface GoldenRow {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Reads a fixture: everything after `#` is comment, white space does not count. */
export function parseGolden(text: string): ReadonlyMap<string, Uint8Array> {
  const rows = new Map<string, Uint8Array>();
  for (const part of text.split(/^@ /m).slice(1)) {
    const [name = "", ...lines] = part.split("\n");
    const hex = lines.map((line) => line.replace(/#.*$/, "").replace(/\s/g, "")).join("");
    if (!/^([0-9a-f]{2})*$/.test(hex)) throw new Error(`golden row "${name}": not pairs of hex digits`);
    if (rows.has(name.trim())) throw new Error(`golden row "${name}" is there twice`);
    rows.set(
      name.trim(),
      Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
    );
  }
  return rows;
}

/** Loads `<name>.hex` beside a test: `await loadGolden(new URL("./link.hex", import.meta.url))`. */
export async function loadGolden(file: URL): Promise<(name: string) => Uint8Array> {
  const rows = parseGolden(await Bun.file(file).text());
  return (name) => {
    const bytes = rows.get(name);
    if (!bytes) throw new Error(`${file.pathname} has no row "${name}"; it has ${[...rows.keys()].join(", ")}`);
    return bytes;
  };
}

/** Checks a recorded message four ways: decode, encode, decode∘encode, encode∘decode. */
export function checkGolden<M extends Message>(message: M, recorded: Uint8Array, value: MessageOf<M>): void {
  const golden = canonical(message, recorded);
  expect(message.decode(recorded)).toEqual(value);
  const encoded = encodeLike(message, value, golden);
  expectBytes(encoded, golden);
  expect(message.decode(encoded)).toEqual(value);
  checkRoundTrip(message, recorded);
}

/**
 * As `checkGolden`, for the kernel's long answers: `part` holds the fields worth looking at, the rest is covered by the
 * round trip.
 */
export function checkGoldenPart<M extends Message>(
  message: M,
  recorded: Uint8Array,
  part: DeepPartial<MessageOf<M>>,
): void {
  expect(message.decode(recorded)).toMatchObject(part as object);
  checkRoundTrip(message, recorded);
}

type DeepPartial<T> = T extends Uint8Array | bigint | number | string | boolean | undefined
  ? T
  : T extends readonly (infer E)[]
    ? DeepPartial<E>[]
    : { [K in keyof T]?: DeepPartial<T[K]> };

function checkRoundTrip(message: Message, recorded: Uint8Array): void {
  const golden = canonical(message, recorded);
  const value = message.decode(golden);
  const encoded = encodeLike(message, value, golden);
  expectBytes(encoded, golden);
  expect(message.decode(encoded)).toEqual(value);
}

function encodeLike(message: Message, value: unknown, golden: Uint8Array): Uint8Array {
  const view = new DataView(golden.buffer, golden.byteOffset);
  const encoded = message.encode(value as never, view.getUint16(6, true), view.getUint32(8, true));
  return canonical(message, encoded);
}

/** Bytes as two columns, four bytes a line, when they differ. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) === 0) return;
  const lines = ["bytes differ:", "offset  expected     actual"];
  for (let at = 0; at < Math.max(actual.length, expected.length); at += 4) {
    const [e, a] = [fourBytes(expected, at), fourBytes(actual, at)];
    lines.push(`${String(at).padStart(6)}  ${e.padEnd(11)}  ${a.padEnd(11)}${e === a ? "" : "  <"}`);
  }
  throw new Error(lines.join("\n"));
}

const fourBytes = (bytes: Uint8Array, at: number): string =>
  Array.from(bytes.subarray(at, at + 4), (b) => b.toString(16).padStart(2, "0")).join(" ");

/**
 * The same message in one form of the several that mean the same to the kernel: no NLA_F_NESTED and NLA_F_NET_BYTEORDER,
 * text with its NUL (iproute2 sends link kinds without), the port zero.
 */
export function canonical(message: Message, bytes: Uint8Array): Uint8Array {
  const headerEnd = Math.min(bytes.length, NLMSG_HEADER + align4(message.header.size ?? 0));
  const sink = new Sink(bytes.length + 64);
  sink.put(bytes.subarray(0, headerEnd));
  rewrite(sink, message.attrs.shape, bytes.subarray(headerEnd));
  sink.view.setUint32(0, sink.length, true);
  sink.view.setUint32(12, 0, true);
  return sink.finish();
}

function rewrite(sink: Sink, shape: Shape, payload: Uint8Array): void {
  if (shape.kind === "attrs")
    rewriteAttrs(sink, payload, (type, all) => shapeOf(shape.fields, shape.groups, type, all));
  else if (shape.kind === "list") rewriteAttrs(sink, payload, () => shape.of.shape);
  else {
    sink.put(payload);
    if (shape.kind === "string" && shape.size === undefined && payload.at(-1) !== 0) sink.take(1);
  }
}

function rewriteAttrs(
  sink: Sink,
  payload: Uint8Array,
  shapeAt: (type: number, all: Uint8Array) => Shape | undefined,
): void {
  const src = new Source(payload);
  for (let at = 0; at + 4 <= payload.length; ) {
    const length = src.view.getUint16(at, true);
    if (length < 4 || length > payload.length - at) throw new Error(`attribute at ${at}: length ${length}`);
    const type = src.view.getUint16(at + 2, true) & 0x3fff;
    const start = sink.take(4);
    rewrite(sink, shapeAt(type, payload) ?? { kind: "bytes" }, payload.subarray(at + 4, at + length));
    sink.view.setUint16(start, sink.length - start, true);
    sink.view.setUint16(start + 2, type, true);
    sink.align();
    at += align4(length);
  }
}

function shapeOf(fields: AttrFields, groups: readonly TagGroup[], type: number, all: Uint8Array): Shape | undefined {
  for (const [fieldType, codec] of Object.values(fields)) if (fieldType === type) return codec.shape;
  for (const group of groups) {
    if (type === group.kindType) return { kind: "string" };
    if (type === group.dataType) {
      const kind = textOfAttr(all, group.kindType);
      const variant: Codec<unknown, never> | undefined = kind === undefined ? undefined : group.variants[kind];
      return variant?.shape;
    }
  }
  return undefined;
}

function textOfAttr(all: Uint8Array, wanted: number): string | undefined {
  const src = new Source(all);
  for (let at = 0; at + 4 <= all.length; ) {
    const length = Math.max(4, src.view.getUint16(at, true));
    if ((src.view.getUint16(at + 2, true) & 0x3fff) === wanted)
      return new TextDecoder().decode(all.subarray(at + 4, at + length)).replace(/\0.*$/, "");
    at += align4(length);
  }
  return undefined;
}
