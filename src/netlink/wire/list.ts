import { locateAttr, locateMissing, put, readSlot, type Slot, walk } from "./attr.ts";
import type { Codec } from "./codec.ts";

/** The same codec, written with NLA_F_NESTED on its attribute (nf_tables and newer families want it). */
export function nested<Out, In>(codec: Codec<Out, In>): Codec<Out, In> {
  return { ...codec, nested: true };
}

/**
 * A nest that repeats one attribute type: `NFTA_LIST_ELEM`. Attributes of another type are passed over when read.
 * @param keep which to read, by their bytes; the others are passed over as well
 */
export function list<Out, In>(
  type: number,
  of: Codec<Out, In>,
  keep?: (bytes: Uint8Array) => boolean,
): Codec<Out[], In[]> {
  return sequence(of, type, 0, keep);
}

/** A nest whose attribute types count: TC actions, class tables. Written from `first`; read in their order. */
export function indexed<Out, In>(first: number, of: Codec<Out, In>): Codec<Out[], In[]> {
  return sequence(of, first, 1);
}

function sequence<Out, In>(
  of: Codec<Out, In>,
  first: number,
  step: 0 | 1,
  keep: (bytes: Uint8Array) => boolean = () => true,
): Codec<Out[], In[]> {
  const isElement = (type: number): boolean => step === 1 || type === first;
  /** Names elements by their place among the elements. */
  const numbered = () => {
    let count = 0;
    return (type: number): Slot | undefined => (isElement(type) ? { key: String(count++), codec: of } : undefined);
  };

  return {
    size: undefined,
    shape: { kind: "list", of: of as Codec<unknown, never>, first, step },
    read(src, start, end) {
      const out: Out[] = [];
      walk(src, start, end, (type, from, to) => {
        if (isElement(type) && keep(src.bytes.subarray(from, to)))
          out.push(readSlot({ key: String(out.length), codec: of }, src, from, to) as Out);
      });
      return out;
    },
    write(sink, values) {
      for (const [i, value] of values.entries()) put(sink, first + step * i, { key: String(i), codec: of }, value);
    },
    locate: (src, start, end, offset) => locateAttr(src, start, end, offset, numbered()),
    missing: (src, start, end, nest, type) =>
      nest === undefined ? [`attribute ${type}`] : locateMissing(src, start, end, nest, type, numbered()),
  };
}
