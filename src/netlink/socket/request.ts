import { EncodeError, type Message, type MessageInput } from "../wire/index.ts";

/** Flags of `nlmsghdr`, linux/netlink.h. */
// header: linux/netlink.h
export const NLM_F = {
  REQUEST: 0x01,
  MULTI: 0x02,
  ACK: 0x04,
  ECHO: 0x08,
  DUMP_INTR: 0x10,
  ROOT: 0x100,
  MATCH: 0x200,
  DUMP: 0x300,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
} as const;

/** One message on its way to the kernel. */
export interface Request {
  /** What errors call it: `RTM_NEWLINK "vx7"`. */
  readonly op: string;
  readonly schema: Message;
  readonly flags: number;
  encode(seq: number): Uint8Array;
}

/**
 * A request whose success is acknowledged.
 * @param flags besides REQUEST and ACK: `NLM_F.CREATE | NLM_F.EXCL`
 * @param object what it is about, for errors
 */
export function change<M extends Message>(schema: M, value: MessageInput<M>, flags = 0, object?: string): Request {
  return request(schema, value, NLM_F.REQUEST | NLM_F.ACK | flags, object);
}

/** A request with exactly these flags. */
export function request<M extends Message>(schema: M, value: MessageInput<M>, flags: number, object?: string): Request {
  const op = object === undefined ? schema.name : `${schema.name} "${object}"`;
  return {
    op,
    schema,
    flags,
    encode(seq) {
      try {
        return schema.encode(value, flags, seq);
      } catch (error) {
        if (error instanceof EncodeError) error.message = `${op}: ${error.message}`;
        throw error;
      }
    },
  };
}
