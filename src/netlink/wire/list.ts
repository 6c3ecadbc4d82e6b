import { locateAttr, locateMissing, put, type Slot, walk } from "./attr.ts";
import { type Codec, DecodeError, EncodeError } from "./codec.ts";

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
  keep?: (bytes: Uint8Array) => boolean,
): Codec<Out[], In[]> {
  const isElement = (type: number): boolean => step === 1 || type === first;
  /** Names elements by their place among the elements. */
  const numbered = () => {
    let count = 0;
    return (type: number): Pick<Slot, "key" | "codec"> | undefined =>
      isElement(type) ? { key: String(count++), codec: of } : undefined;
  };

  return {
    size: undefined,
    shape: { kind: "list", of: of as Codec<unknown, never>, first, step },
    read(src, start, end) {
      const out: Out[] = [];
      walk(src, start, end, (type, from, to) => {
        if (!isElement(type) || (keep && !keep(src.bytes.subarray(from, to)))) return;
        try {
          out.push(of.read(src, from, to));
        } catch (error) {
          if (error instanceof DecodeError) throw error.within(String(out.length));
          throw error;
        }
      });
      return out;
    },
    write(sink, values) {
      let i = 0;
      try {
        for (; i < values.length; i++) put(sink, first + step * i, of, values[i]);
      } catch (error) {
        if (error instanceof EncodeError) throw error.within(String(i));
        throw error;
      }
    },
    locate: (src, start, end, offset) => locateAttr(src, start, end, offset, numbered()),
    missing: (src, start, end, nest, type) =>
      nest === undefined ? [`attribute ${type}`] : locateMissing(src, start, end, nest, type, numbered()),
  };
}
