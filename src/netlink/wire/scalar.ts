import { type Codec, EncodeError, need, type Sink, type Source } from "./codec.ts";

type Width = 8 | 16 | 32;

function number(
  bits: Width,
  signed: boolean,
  get: (src: Source, at: number) => number,
  set: (sink: Sink, at: number, value: number) => void,
): Codec<number> {
  const size = bits / 8;
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  return {
    size,
    shape: { kind: signed ? "int" : "uint", bits },
    read(src, start, end) {
      if (end - start < size) need(start, end, size);
      return get(src, start);
    },
    write(sink, value) {
      if (typeof value !== "number" || value % 1 !== 0 || value < low || value > high)
        throw new EncodeError(`${value} is not an integer in ${low}..${high}`);
      set(sink, sink.take(size), value);
    },
  };
}

export const u8 = number(
  8,
  false,
  (s, at) => s.view.getUint8(at),
  (s, at, v) => s.view.setUint8(at, v),
);
export const u16 = number(
  16,
  false,
  (s, at) => s.view.getUint16(at, true),
  (s, at, v) => s.view.setUint16(at, v, true),
);
export const u32 = number(
  32,
  false,
  (s, at) => s.view.getUint32(at, true),
  (s, at, v) => s.view.setUint32(at, v, true),
);
export const s8 = number(
  8,
  true,
  (s, at) => s.view.getInt8(at),
  (s, at, v) => s.view.setInt8(at, v),
);
export const s16 = number(
  16,
  true,
  (s, at) => s.view.getInt16(at, true),
  (s, at, v) => s.view.setInt16(at, v, true),
);
export const s32 = number(
  32,
  true,
  (s, at) => s.view.getInt32(at, true),
  (s, at, v) => s.view.setInt32(at, v, true),
);
export const be16 = number(
  16,
  false,
  (s, at) => s.view.getUint16(at),
  (s, at, v) => s.view.setUint16(at, v),
);
export const be32 = number(
  32,
  false,
  (s, at) => s.view.getUint32(at),
  (s, at, v) => s.view.setUint32(at, v),
);

function wide(signed: boolean, little: boolean): Codec<bigint> {
  return {
    size: 8,
    shape: { kind: "bigint", bits: 64, signed },
    read(src, start, end) {
      need(start, end, 8);
      return signed ? src.view.getBigInt64(start, little) : src.view.getBigUint64(start, little);
    },
    write(sink, value) {
      if (typeof value !== "bigint" || (signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) !== value)
        throw new EncodeError(`${value} is not ${signed ? "a signed" : "an unsigned"} 64-bit integer`);
      const at = sink.take(8);
      sink.view.setBigUint64(at, BigInt.asUintN(64, value), little);
    },
  };
}

export const u64 = wide(false, true);
export const s64 = wide(true, true);
export const be64 = wide(false, false);

/**
 * A number with names. Reads the name, or the bare number where it has none, so that values of a newer kernel survive.
 */
export function enumOf<const T extends Readonly<Record<string, number>>>(
  base: Codec<number>,
  names: T,
): Codec<(keyof T & string) | number> {
  let byValue: Map<number, keyof T & string> | undefined;
  const nameOf = (value: number): (keyof T & string) | undefined => {
    if (byValue === undefined) {
      byValue = new Map();
      for (const key in names) byValue.set(names[key] as number, key);
    }
    return byValue.get(value);
  };
  const bits = ((base.size ?? 4) * 8) as Width;
  return {
    size: base.size,
    shape: { kind: "enum", names: Object.keys(names), values: Object.values(names), bits },
    read(src, start, end) {
      const value = base.read(src, start, end);
      return nameOf(value) ?? value;
    },
    write(sink, value) {
      if (typeof value === "number") return base.write(sink, value);
      const n = Object.hasOwn(names, value) ? names[value] : undefined;
      if (n === undefined) throw new EncodeError(`"${value}" is none of ${Object.keys(names).join(", ")}`);
      base.write(sink, n);
    },
  };
}
