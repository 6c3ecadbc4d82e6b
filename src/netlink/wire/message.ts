import { align4, type Codec, DecodeError, EncodeError, type Infer, type Input, need, Sink, Source } from "./codec.ts";

/** `struct nlmsghdr`, linux/netlink.h: length, type, flags, sequence, port. */
export const NLMSG_HEADER = 16;

export interface RawMessage {
  type: number;
  flags: number;
  seq: number;
  port: number;
  /** The whole message, header included. */
  bytes: Uint8Array;
}

// biome-ignore lint/suspicious/noExplicitAny: the widest codec; see attrs.ts
type AnyCodec = Codec<any, any>;

export interface Message<H extends AnyCodec = AnyCodec, A extends AnyCodec = AnyCodec> {
  readonly type: number;
  /** `RTM_NEWLINK`, for errors. */
  readonly name: string;
  readonly header: H;
  readonly attrs: A;
  /** Reads a whole message, nlmsghdr included. */
  decode(bytes: Uint8Array): { header: Infer<H>; attrs: Infer<A> };
  /** Writes a whole message. */
  encode(
    value: { header?: Input<H> | undefined; attrs?: Input<A> | undefined },
    flags?: number,
    seq?: number,
  ): Uint8Array;
  /** Path of the field at byte `offset` of an encoded message: `attrs.linkInfo.data.vni`. */
  locate(bytes: Uint8Array, offset: number): string;
  /** Path of attribute `type`, which the kernel missed in the nest whose header is at byte `nest` (none: the message itself). */
  missing(bytes: Uint8Array, nest: number | undefined, type: number): string;
}

export type MessageOf<M> = M extends Message<infer H, infer A> ? { header: Infer<H>; attrs: Infer<A> } : never;
export type MessageInput<M> =
  M extends Message<infer H, infer A> ? { header?: Input<H> | undefined; attrs?: Input<A> | undefined } : never;

/** All messages are put together in here, one after the other: making one takes as long as two attributes. */
const sink = new Sink();

/**
 * A netlink message: a fixed header of its family and a list of attributes.
 * @param type number and name, e.g. `[RTM.NEWADDR, "RTM_NEWADDR"]`
 */
export function message<H extends AnyCodec, A extends AnyCodec>(
  type: readonly [number: number, name: string],
  header: H,
  attrs: A,
): Message<H, A> {
  const headerSize = align4(header.size ?? 0);
  const body = NLMSG_HEADER + headerSize;
  return {
    type: type[0],
    name: type[1],
    header,
    attrs,
    decode(bytes) {
      let part = "nlmsghdr";
      try {
        need(0, bytes.length, NLMSG_HEADER);
        const src = new Source(bytes);
        part = "header";
        need(NLMSG_HEADER, bytes.length, header.size ?? 0);
        const head = header.read(src, NLMSG_HEADER, NLMSG_HEADER + (header.size ?? 0)) as Infer<H>;
        part = "attrs";
        return { header: head, attrs: attrs.read(src, Math.min(body, bytes.length), bytes.length) as Infer<A> };
      } catch (error) {
        if (error instanceof DecodeError) throw error.within(part);
        throw error;
      }
    },
    encode(value, flags = 0, seq = 0) {
      sink.reset();
      sink.take(NLMSG_HEADER);
      let part = "header";
      try {
        header.write(sink, value.header ?? {});
        sink.align();
        part = "attrs";
        attrs.write(sink, value.attrs ?? {});
      } catch (error) {
        if (error instanceof EncodeError) throw error.within(part);
        throw error;
      }
      sink.view.setUint32(0, sink.length, true);
      sink.view.setUint16(4, type[0], true);
      sink.view.setUint16(6, flags, true);
      sink.view.setUint32(8, seq, true);
      return sink.finish();
    },
    locate(bytes, offset) {
      const src = new Source(bytes);
      if (offset < NLMSG_HEADER) return "nlmsghdr";
      if (offset < body) return ["header", ...(header.locate?.(src, NLMSG_HEADER, body, offset) ?? [])].join(".");
      return ["attrs", ...(attrs.locate?.(src, body, bytes.length, offset) ?? [])].join(".");
    },
    missing(bytes, nest, type) {
      const path = attrs.missing?.(new Source(bytes), body, bytes.length, nest, type);
      return ["attrs", ...(path ?? [`attribute ${type}`])].join(".");
    },
  };
}

/** Gives an encoded message another sequence number: `nlmsg_seq`, 32 bits at offset 8. */
export function setSeq(bytes: Uint8Array, seq: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(8, seq, true);
}

/** Splits what the kernel sent into messages (NLMSG_NEXT). */
export function splitMessages(bytes: Uint8Array): RawMessage[] {
  const messages: RawMessage[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length;
  for (let at = 0; at < end; ) {
    need(at, end, NLMSG_HEADER);
    const length = view.getUint32(at, true);
    if (length < NLMSG_HEADER || length > end - at)
      throw new DecodeError(`nlmsghdr: length ${length} is outside ${NLMSG_HEADER}..${end - at}`);
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      seq: view.getUint32(at + 8, true),
      port: view.getUint32(at + 12, true),
      bytes: bytes.subarray(at, at + length),
    });
    at += align4(length);
  }
  return messages;
}
