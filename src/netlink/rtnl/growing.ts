import { type Codec, type Infer, within } from "../wire/index.ts";

type Fields<T> = Readonly<Record<string, Codec<T>>>;

/**
 * A C structure that kernels have lengthened over time: fields an older kernel does not send are `undefined`, bytes a
 * newer one appends are kept in `unknown`. Written up to the first absent field.
 */
export function growing<const F extends Fields<never> | Fields<number> | Fields<bigint>>(
  fields: F,
): Codec<{ [K in keyof F]?: Infer<F[K]> | undefined } & { unknown?: Uint8Array | undefined }> {
  const parts = Object.entries(fields) as [string, Codec<unknown>][];
  return {
    size: undefined,
    shape: { kind: "struct", fields, growing: true },
    read(src, start, end) {
      const out: Record<string, unknown> = {};
      let at = start;
      for (const [key, part] of parts) {
        const next = at + (part.size ?? 0);
        if (next > end) break;
        out[key] = part.read(src, at, next);
        at = next;
      }
      if (at < end) out["unknown"] = src.bytes.slice(at, end);
      return out as never;
    },
    write(sink, value) {
      const given = value as Record<string, unknown>;
      for (const [key, part] of parts) {
        if (given[key] === undefined) break;
        within(key, () => part.write(sink, given[key]));
      }
      if (value.unknown) sink.put(value.unknown);
    },
  };
}
