/**
 * Just enough protobuf (https://protobuf.dev/programming-guides/encoding/) for a handful of calls: strings, bytes,
 * non-negative integers, booleans, nested messages, repeated fields and string maps.
 */

/** Field number → value. `undefined`, zero, "" and false are left out, as proto3 does; an array is a repeated field. */
export type Fields = { readonly [field: number]: Value | readonly Value[] | undefined };
export type Value = string | number | boolean | Uint8Array | Fields;

export function encode(fields: Fields): Uint8Array {
  const out: number[] = [];
  for (const [key, value] of Object.entries(fields)) {
    const field = Number(key);
    if (Array.isArray(value)) for (const one of value as readonly Value[]) encodeField(out, field, one);
    else if (value !== undefined && value !== 0 && value !== "" && value !== false)
      encodeField(out, field, value as Value);
  }
  return Uint8Array.from(out);
}

/** `map<string, string>`: repeated entries of key = 1, value = 2. */
export const mapEntries = (map: Readonly<Record<string, string>>): Fields[] =>
  Object.entries(map).map(([key, value]) => ({ 1: key, 2: value }));

/** What was received: field number → its values in order, varints as numbers. */
export type Decoded = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

export function decode(bytes: Uint8Array): Decoded {
  const out = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("protobuf: the message ends inside a number");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    let value: number | Uint8Array;
    switch (tag % 8) {
      case WIRE.VARINT:
        value = varint();
        break;
      case WIRE.LEN: {
        const length = varint();
        value = bytes.subarray(at, at + length);
        at += length;
        break;
      }
      default:
        throw new Error(`protobuf: field ${field} has wire type ${tag % 8}, which no message here uses`);
    }
    const values = out.get(field);
    if (values) values.push(value);
    else out.set(field, [value]);
  }
  return out;
}

export const stringAt = (from: Decoded, field: number): string => {
  const value = from.get(field)?.at(-1);
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
};

export const numberAt = (from: Decoded, field: number): number => {
  const value = from.get(field)?.at(-1);
  return typeof value === "number" ? value : 0;
};

export const messagesAt = (from: Decoded, field: number): Decoded[] =>
  (from.get(field) ?? []).filter((value) => value instanceof Uint8Array).map(decode);

export const mapAt = (from: Decoded, field: number): Record<string, string> =>
  Object.fromEntries(messagesAt(from, field).map((entry) => [stringAt(entry, 1), stringAt(entry, 2)]));

const WIRE = { VARINT: 0, LEN: 2 } as const;

function encodeField(out: number[], field: number, value: Value): void {
  if (typeof value === "number" || typeof value === "boolean") {
    encodeVarint(out, field * 8 + WIRE.VARINT);
    encodeVarint(out, Number(value));
    return;
  }
  const bytes =
    typeof value === "string" ? new TextEncoder().encode(value) : value instanceof Uint8Array ? value : encode(value);
  encodeVarint(out, field * 8 + WIRE.LEN);
  encodeVarint(out, bytes.length);
  for (const byte of bytes) out.push(byte);
}

function encodeVarint(out: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
  out.push(rest);
}
