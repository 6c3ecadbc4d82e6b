import { type Codec, EncodeError, type Infer, type Input, need, within } from "./codec.ts";

/** Bytes that are always zero: the holes a C compiler leaves, reserved fields. */
export function pad(size: number): Codec<undefined> {
  return {
    size,
    shape: { kind: "pad", size },
    read(_src, start, end) {
      need(start, end, size);
      return undefined;
    },
    write(sink) {
      sink.take(size);
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the widest codec; a narrower bound refuses codecs that write less than they read
type AnyCodec = Codec<any, any>;
type Fields = Readonly<Record<string, AnyCodec>>;
type Named<F extends Fields> = { [K in keyof F as undefined extends Infer<F[K]> ? never : K]: F[K] };

export type StructOut<F extends Fields> = { [K in keyof Named<F>]: Infer<Named<F>[K]> } & {
  /** What a newer kernel appended; written back. */
  unknown?: Uint8Array | undefined;
};
export type StructIn<F extends Fields> = { [K in keyof Named<F>]?: Input<Named<F>[K]> | undefined } & {
  unknown?: Uint8Array | undefined;
};

/**
 * A C structure: fields of fixed size, one after another, without padding of its own (declare holes with `pad`).
 * When written, absent fields are zero, as in a C initializer. When read, all are there; bytes beyond the last field are
 * kept in `unknown`.
 */
export function struct<const F extends Fields>(fields: F): Codec<StructOut<F>, StructIn<F>> {
  const keys = Object.keys(fields);
  const parts: AnyCodec[] = Object.values(fields);
  let size = 0;
  for (const [i, part] of parts.entries()) {
    if (part.size === undefined) throw new Error(`struct: field "${keys[i]}" has no fixed size`);
    size += part.size;
  }
  return {
    size,
    shape: { kind: "struct", fields },
    read(src, start, end) {
      const out: Record<string, unknown> = {};
      let at = start;
      for (let i = 0; i < parts.length; i++) {
        const part = parts[i] as AnyCodec;
        const key = keys[i] as string;
        if (end - at < (part.size ?? 0)) within(key, () => need(at, end, part.size ?? 0));
        const value = part.read(src, at, at + (part.size ?? 0));
        if (value !== undefined) out[key] = value;
        at += part.size ?? 0;
      }
      if (at < end) out["unknown"] = src.bytes.slice(at, end);
      return out as StructOut<F>;
    },
    write(sink, value) {
      const given = value as Record<string, unknown>;
      let i = 0;
      try {
        for (; i < parts.length; i++) {
          const part = parts[i] as AnyCodec;
          const v = given[keys[i] as string];
          if (v === undefined) sink.take(part.size ?? 0);
          else part.write(sink, v);
        }
      } catch (error) {
        if (error instanceof EncodeError) throw error.within(keys[i] as string);
        throw error;
      }
      if (value.unknown) sink.put(value.unknown);
    },
    locate(src, start, _end, offset) {
      let at = start;
      for (const [i, part] of parts.entries()) {
        const next = at + (part.size ?? 0);
        if (offset < next) return [keys[i] as string, ...(part.locate?.(src, at, next, offset) ?? [])];
        at = next;
      }
      return [];
    },
  };
}
