import {
  align4,
  attrs,
  bytes,
  cstring,
  DecodeError,
  type Infer,
  type Message,
  type RawMessage,
  Source,
  u32,
} from "../wire/index.ts";
import { type ExtAck, NetlinkError } from "./netlink-error.ts";
import { NLM_F } from "./request.ts";

/** Message types below the families', linux/netlink.h. */
// header: linux/netlink.h
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** linux/netlink.h, enum nlmsgerr_attrs. */
// header: linux/netlink.h
const NLMSGERR_ATTR = { MSG: 1, OFFS: 2, COOKIE: 3, POLICY: 4, MISS_TYPE: 5, MISS_NEST: 6 } as const;

const extAckAttrs = attrs({
  message: [NLMSGERR_ATTR.MSG, cstring],
  offset: [NLMSGERR_ATTR.OFFS, u32],
  cookie: [NLMSGERR_ATTR.COOKIE, bytes],
  policy: [NLMSGERR_ATTR.POLICY, bytes],
  missType: [NLMSGERR_ATTR.MISS_TYPE, u32],
  missNest: [NLMSGERR_ATTR.MISS_NEST, u32],
});

const HEADER = 16;

export interface Ack {
  /** Zero is success. */
  readonly errno: number;
  readonly tlvs: Infer<typeof extAckAttrs>;
}

/** The number in an NLMSG_ERROR, or in an NLMSG_DONE that has one: positive, zero is success. DecodeError without a number. */
export function errnoOf(raw: RawMessage): number {
  const { bytes } = raw;
  if (bytes.length < HEADER + 4) throw new DecodeError(`nlmsgerr: need 4 bytes, have ${bytes.length - HEADER}`);
  return 0 - new DataView(bytes.buffer, bytes.byteOffset + HEADER, 4).getInt32(0, true);
}

/**
 * Reads an NLMSG_ERROR (or the error number in an NLMSG_DONE) with its extended ack. `struct nlmsgerr` is the negative
 * errno and the request's header, followed by its payload unless NLM_F_CAPPED; the TLVs come last (NLM_F_ACK_TLVS).
 * An extended ack that cannot be read is left out, so that it does not hide the number. DecodeError without a number.
 */
export function readAck(raw: RawMessage): Ack {
  const errno = errnoOf(raw);
  const src = new Source(raw.bytes);
  let start = HEADER + 4;
  if (raw.type === NLMSG.ERROR) start += raw.flags & NLM_F.CAPPED ? HEADER : innerLength(src, start);
  const hasTlvs = raw.flags & NLM_F.ACK_TLVS && start < raw.bytes.length;
  return { errno, tlvs: (hasTlvs && readable(() => extAckAttrs.read(src, start, raw.bytes.length))) || {} };
}

/** Bytes that the request takes inside the answer. */
function innerLength(src: Source, at: number): number {
  if (at + HEADER > src.bytes.length) return HEADER;
  return align4(Math.max(HEADER, src.view.getUint32(at, true)));
}

/** Makes the kernel's refusal an error that names the field in the request's own words. */
export function toError(op: string, ack: Ack, schema: Message, sent: Uint8Array): NetlinkError {
  const { message, offset, missType, missNest } = ack.tlvs;
  const extack: ExtAck = {
    message,
    offset,
    path: offset === undefined ? undefined : readable(() => schema.locate(sent, offset)),
    missing: missType === undefined ? undefined : readable(() => schema.missing(sent, missNest, missType)),
  };
  return new NetlinkError(op, ack.errno, extack);
}

/** What an extended ack adds is a help; where it cannot be read it must not hide the error it belongs to. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
