import { type Codec, once } from "../wire/index.ts";

/** A codec that is loaded when it is first needed: kinds of links that most programs never meet cost them nothing. */
export function lazy<Out, In>(load: () => Codec<Out, In>): Codec<Out, In> {
  const codec = once(load);
  return {
    size: undefined,
    get shape() {
      return codec().shape;
    },
    get nested() {
      return codec().nested ?? false;
    },
    read: (src, start, end) => codec().read(src, start, end),
    write: (sink, value) => codec().write(sink, value),
    locate: (src, start, end, offset) => codec().locate?.(src, start, end, offset) ?? [],
    missing: (src, start, end, nest, type) => codec().missing?.(src, start, end, nest, type),
  };
}
