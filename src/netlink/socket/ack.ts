import {
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

/**
 * Reads an NLMSG_ERROR (or the error number in an NLMSG_DONE) with its extended ack. `struct nlmsgerr` is the negative
 * errno and the request's header, followed by its payload unless NLM_F_CAPPED; the TLVs come last (NLM_F_ACK_TLVS).
 */
export function readAck(raw: RawMessage): Ack {
  const src = new Source(raw.bytes);
  if (raw.bytes.length < HEADER + 4) throw new DecodeError(`nlmsgerr: need 4 bytes, have ${raw.bytes.length - HEADER}`);
  const errno = -src.view.getInt32(HEADER, true);
  let start = HEADER + 4;
  if (raw.type === NLMSG.ERROR) {
    const inner = raw.flags & NLM_F.CAPPED ? HEADER : innerLength(src, start);
    start += inner;
  }
  const tlvs =
    raw.flags & NLM_F.ACK_TLVS && start <= raw.bytes.length ? extAckAttrs.read(src, start, raw.bytes.length) : {};
  return { errno, tlvs };
}

function innerLength(src: Source, at: number): number {
  return at + HEADER <= src.bytes.length ? src.view.getUint32(at, true) : HEADER;
}

/** Makes the kernel's refusal an error that names the field in the request's own words. */
export function toError(op: string, ack: Ack, schema: Message, sent: Uint8Array): NetlinkError {
  const { message, offset, missType, missNest } = ack.tlvs;
  const extack: ExtAck = {
    message,
    offset,
    path: offset === undefined ? undefined : locate(() => schema.locate(sent, offset)),
    missing: missType === undefined ? undefined : locate(() => schema.missing(sent, missNest, missType)),
  };
  return new NetlinkError(op, ack.errno, extack);
}

/** A path is a help; what makes it fail must not hide the error it belongs to. */
function locate(find: () => string): string | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
