import { type Message, type MessageInput, type MessageOf, type RawMessage, splitMessages } from "../wire/index.ts";
import { NLMSG, readAck, toError } from "./ack.ts";
import { NetlinkError } from "./netlink-error.ts";
import { NLM_F, type Request, request } from "./request.ts";
import type { Transport } from "./transport.ts";

const EINTR = 4;
const ENOBUFS = 105;
const EPROTO = 71;
const ETIMEDOUT = 110;

/** How often a dump is asked for again after the kernel called it interrupted or dropped part of it. */
const DUMP_TRIES = 8;

export interface Outcome {
  /** The kernel's refusal. */
  readonly error: NetlinkError | undefined;
  /** Whether the kernel answered this request at all; in an aborted batch some are passed over. */
  readonly answered: boolean;
  readonly replies: readonly RawMessage[];
  /** What the kernel remarked although it complied. */
  readonly warning: string | undefined;
  /** The kernel changed what was being listed while it was listed (NLM_F_DUMP_INTR). */
  readonly interrupted: boolean;
}

export interface NetlinkSocket {
  /** Sends all requests at once and reports on each; refusals are returned, not thrown. */
  exchange(requests: readonly Request[]): Promise<Outcome[]>;
  /** Sends all requests at once; throws the first refusal. What came before it has taken effect, and what comes after may have. */
  commit(...requests: Request[]): Promise<void>;
  /** A request with one answer, e.g. RTM_GETLINK by name. */
  get<A extends Message, R extends Message>(
    ask: A,
    value: MessageInput<A>,
    reply: R,
    object?: string,
  ): Promise<MessageOf<R>>;
  /** A list. Asked for again while the kernel says that it changed underneath; NetlinkError EINTR when that does not end. */
  dump<A extends Message, R extends Message>(ask: A, value: MessageInput<A>, reply: R): Promise<MessageOf<R>[]>;
  close(): void;
}

/** Default time to wait for the kernel; deleting links can take tens of milliseconds, hundreds at once seconds. */
const TIMEOUT_MS = 30_000;

/** Netlink over a transport. Sequence numbers are this socket's own; answers to others are passed over. */
export function netlinkSocket(transport: Transport, options: { timeoutMs?: number } = {}): NetlinkSocket {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  let seq = 0;

  async function exchange(requests: readonly Request[]): Promise<Outcome[]> {
    if (seq + requests.length > 0xffff_ffff) seq = 0;
    const first = seq + 1;
    const encoded = requests.map((r) => r.encode(++seq));
    const op = requests.map((r) => r.op).join(", ");
    const answer = await ask(transport, concat(encoded), timeoutMs, op);
    const slots = requests.map(() => ({
      error: undefined as NetlinkError | undefined,
      answered: false,
      replies: [] as RawMessage[],
      warning: undefined as string | undefined,
      interrupted: false,
    }));
    for (const raw of splitMessages(answer)) {
      const index = raw.seq - first;
      const slot = slots[index];
      const sent = requests[index];
      if (!slot || !sent) continue;
      if (raw.flags & NLM_F.DUMP_INTR && raw.type !== NLMSG.ERROR) slot.interrupted = true;
      if (raw.type === NLMSG.ERROR || raw.type === NLMSG.DONE) {
        slot.answered = true;
        if (raw.type === NLMSG.DONE && raw.bytes.length < 20) continue;
        const ack = readAck(raw);
        if (ack.errno > 0) slot.error ??= toError(sent.op, ack, sent.schema, encoded[index] ?? new Uint8Array());
        else slot.warning ??= ack.tlvs.message;
      } else if (raw.type === NLMSG.OVERRUN) {
        slot.error ??= new NetlinkError(sent.op, ENOBUFS);
      } else if (raw.type !== NLMSG.NOOP) {
        slot.answered = true;
        slot.replies.push(raw);
      }
    }
    return slots;
  }

  async function dumpOnce(req: Request): Promise<Outcome> {
    const [outcome] = await exchange([req]);
    if (!outcome) throw new NetlinkError(req.op, EPROTO, { message: "no answer" });
    return outcome;
  }

  return {
    exchange,
    async commit(...requests) {
      const outcomes = await exchange(requests);
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.error) throw outcome.error;
        const sent = requests[i];
        if (sent && sent.flags & NLM_F.ACK && !outcome.answered)
          throw new NetlinkError(sent.op, EPROTO, { message: "the kernel did not acknowledge the request" });
      }
    },
    async get(ask, value, reply, object) {
      const req = request(ask, value, NLM_F.REQUEST | NLM_F.ACK, object);
      const outcome = await dumpOnce(req);
      if (outcome.error) throw outcome.error;
      const raw = outcome.replies[0];
      if (!raw || raw.type !== reply.type)
        throw new NetlinkError(req.op, EPROTO, { message: `expected ${reply.name}, got type ${raw?.type ?? "none"}` });
      return reply.decode(raw.bytes) as never;
    },
    async dump(ask, value, reply) {
      const req = request(ask, value, NLM_F.REQUEST | NLM_F.DUMP);
      for (let attempt = 1; ; attempt++) {
        const outcome = await dumpOnce(req).catch((error: unknown) => {
          if (error instanceof NetlinkError && error.errno === ENOBUFS && attempt < DUMP_TRIES) return undefined;
          throw error;
        });
        if (outcome?.error && outcome.error.errno !== EINTR) throw outcome.error;
        if (outcome && !outcome.interrupted && !outcome.error)
          return outcome.replies.filter((r) => r.type === reply.type).map((r) => reply.decode(r.bytes)) as never;
        if (attempt >= DUMP_TRIES)
          throw new NetlinkError(req.op, EINTR, { message: `the list changed during each of ${attempt} readings` });
      }
    },
    close: () => transport.close(),
  };
}

async function ask(transport: Transport, bytes: Uint8Array, timeoutMs: number, op: string): Promise<Uint8Array> {
  try {
    return await transport.exchange(bytes, timeoutMs);
  } catch (error) {
    const errno = (error as { errno?: unknown }).errno;
    if (errno === ETIMEDOUT) throw new NetlinkError(op, ETIMEDOUT, { message: `no answer within ${timeoutMs} ms` });
    if (typeof errno === "number") throw new NetlinkError(op, Math.abs(errno), { message: (error as Error).message });
    throw error;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0]) return parts[0];
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
