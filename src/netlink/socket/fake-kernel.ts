import { type RawMessage, splitMessages } from "../wire/index.ts";
import { NLMSG_HEADER } from "../wire/message.ts";
import { NLM_F } from "./request.ts";
import type { Transport } from "./transport.ts";

/** Test support: a function posing as the kernel, and the messages it answers with. */

export const NOOP = 1;
export const ERROR = 2;
export const DONE = 3;
export const OVERRUN = 4;

/** Answers a request, given message by message. A Promise answers later, an Error fails the exchange. */
export type Kernel = (requests: RawMessage[]) => Uint8Array[] | Promise<Uint8Array[]>;

export interface FakeTransport extends Transport {
  /** The requests of each exchange so far. */
  readonly seen: RawMessage[][];
  readonly closed: () => boolean;
}

export function fakeKernel(kernel: Kernel): FakeTransport {
  const seen: RawMessage[][] = [];
  let closed = false;
  return {
    seen,
    closed: () => closed,
    exchange(request) {
      const requests = [...splitMessages(request)];
      seen.push(requests);
      const answer = kernel(requests);
      return answer instanceof Promise ? answer.then(Buffer.concat) : Buffer.concat(answer);
    },
    close() {
      closed = true;
    },
  };
}

/** A message of the kernel's: type, flags, and the sequence number of the request it answers. */
export function answer(type: number, flags: number, seq: number, payload: Uint8Array = new Uint8Array()): Uint8Array {
  const out = Buffer.alloc((NLMSG_HEADER + payload.length + 3) & ~3);
  out.writeUInt32LE(NLMSG_HEADER + payload.length, 0);
  out.writeUInt16LE(type, 4);
  out.writeUInt16LE(flags, 6);
  out.writeUInt32LE(seq, 8);
  out.writeUInt32LE(4711, 12);
  out.set(payload, NLMSG_HEADER);
  return out;
}

const int32 = (n: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeInt32LE(n);
  return out;
};

/** `struct nlmsgerr` with the request's header only, as the kernel does it with NETLINK_CAP_ACK. */
export function ack(request: RawMessage, errno = 0, tlvs: readonly Uint8Array[] = []): Uint8Array {
  const flags = NLM_F.CAPPED | (tlvs.length > 0 ? NLM_F.ACK_TLVS : 0);
  const payload = Buffer.concat([int32(-errno), request.bytes.subarray(0, NLMSG_HEADER), ...tlvs]);
  return answer(ERROR, flags, request.seq, payload);
}

/** As `ack`, with the whole request in it: the kernel without NETLINK_CAP_ACK. */
export function longAck(request: RawMessage, errno: number, tlvs: readonly Uint8Array[]): Uint8Array {
  const padding = new Uint8Array(-request.bytes.length & 3);
  const payload = Buffer.concat([int32(-errno), request.bytes, padding, ...tlvs]);
  return answer(ERROR, tlvs.length > 0 ? NLM_F.ACK_TLVS : 0, request.seq, payload);
}

/** The end of a list, with the number of an error that cut it short. */
export function done(request: RawMessage, errno = 0, tlvs: readonly Uint8Array[] = [], flags = 0): Uint8Array {
  const all = NLM_F.MULTI | flags | (tlvs.length > 0 ? NLM_F.ACK_TLVS : 0);
  return answer(DONE, all, request.seq, Buffer.concat([int32(-errno), ...tlvs]));
}

/** One attribute of an extended ack (linux/netlink.h, enum nlmsgerr_attrs). */
export function tlv(type: number, value: number | string | Uint8Array): Uint8Array {
  const data = typeof value === "number" ? int32(value) : typeof value === "string" ? Buffer.from(`${value}\0`) : value;
  const out = Buffer.alloc((4 + data.length + 3) & ~3);
  out.writeUInt16LE(4 + data.length, 0);
  out.writeUInt16LE(type, 2);
  out.set(data, 4);
  return out;
}
