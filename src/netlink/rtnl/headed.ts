import { align4, type Codec, DecodeError, type Infer, type Input, within } from "../wire/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: the widest codec; a narrower bound refuses codecs that write less than they read
type AnyCodec = Codec<any, any>;

/** A structure followed by attributes inside an attribute, as a message is built: the peer in VETH_INFO_PEER. */
export function headed<H extends AnyCodec, A extends AnyCodec>(
  header: H,
  attrs: A,
): Codec<{ header: Infer<H>; attrs: Infer<A> }, { header?: Input<H> | undefined; attrs?: Input<A> | undefined }> {
  const size = header.size ?? 0;
  return {
    size: undefined,
    shape: { kind: "headed", header, attrs },
    read(src, start, end) {
      if (end - start < size) throw new DecodeError(`need ${size} bytes, have ${end - start}`);
      return {
        header: within("header", () => header.read(src, start, start + size) as Infer<H>),
        attrs: within("attrs", () => attrs.read(src, Math.min(start + align4(size), end), end) as Infer<A>),
      };
    },
    write(sink, value) {
      within("header", () => header.write(sink, value.header ?? {}));
      sink.align();
      within("attrs", () => attrs.write(sink, value.attrs ?? {}));
    },
    locate(src, start, end, offset) {
      const body = start + align4(size);
      if (offset < body) return ["header", ...(header.locate?.(src, start, body, offset) ?? [])];
      return ["attrs", ...(attrs.locate?.(src, body, end, offset) ?? [])];
    },
    missing(src, start, end, nest, type) {
      const body = start + align4(size);
      const below = attrs.missing?.(src, body, end, nest === start ? body : nest, type);
      return below && ["attrs", ...below];
    },
  };
}
