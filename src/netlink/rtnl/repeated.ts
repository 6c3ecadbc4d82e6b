import { type AttrsCodec, align4, type Codec, DecodeError } from "../wire/index.ts";

/**
 * An attribute list in which types repeat and order counts: an array of objects with one field each,
 * `[{ flags: 1 }, { vlan: … }, { vlan: … }]`.
 */
export function repeated<Out, In>(one: AttrsCodec<Out, In>): Codec<Out[], In[]> {
  return {
    size: undefined,
    shape: { kind: "custom" },
    read(src, start, end) {
      const out: Out[] = [];
      for (let at = start; at + 4 <= end; ) {
        const length = src.view.getUint16(at, true);
        if (length < 4 || length > end - at)
          throw new DecodeError(`attribute ${out.length}: length ${length} is outside 4..${end - at}`);
        out.push(one.read(src, at, at + length));
        at += align4(length);
      }
      return out;
    },
    write(sink, values) {
      for (const value of values) one.write(sink, value);
    },
    locate(src, start, end, offset) {
      for (let at = start, i = 0; at + 4 <= end; i++) {
        const next = at + Math.max(4, align4(src.view.getUint16(at, true)));
        if (offset < next) return [String(i), ...(one.locate?.(src, at, Math.min(next, end), offset) ?? [])];
        at = next;
      }
      return [];
    },
  };
}
