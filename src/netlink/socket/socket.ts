import {
  DecodeError,
  type Message,
  type MessageInput,
  type MessageOf,
  type RawMessage,
  splitMessages,
} from "../wire/index.ts";
import { errnoOf, NLMSG, readAck, toError } from "./ack.ts";
import { isNetlinkError, NetlinkError } from "./netlink-error.ts";
import { NLM_F, type Request, request } from "./request.ts";
import type { Transport } from "./transport.ts";

const EINTR = 4;
const EPROTO = 71;
const ENOBUFS = 105;
const ETIMEDOUT = 110;

/** An NLMSG_DONE that carries an error number; older kernels send some without. */
const DONE_WITH_ERRNO = 20;

/** How often a dump is asked for again after the kernel called it interrupted or dropped part of it. */
const DUMP_TRIES = 8;

export interface Outcome {
  /** Positive number of the kernel's refusal, or 0. Most that are refused only say that something is not there. */
  readonly errno: number;
  /** The kernel's refusal in words, put together when it is asked for. */
  readonly error: NetlinkError | undefined;
  /** Whether the kernel acknowledged this request, or ended its list; in an aborted batch some are passed over. */
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
  /**
   * A list. Asked for again while the kernel says that it changed underneath; NetlinkError EINTR when that does not end.
   * @param containing at least the messages that have one of these stretches of bytes in them, and at most all: thousands
   *   are passed over in hardly more time than the kernel takes to list them
   */
  dump<A extends Message, R extends Message>(
    ask: A,
    value: MessageInput<A>,
    reply: R,
    containing?: readonly Uint8Array[],
  ): Promise<MessageOf<R>[]>;
  /** @param aside without waiting for what the kernel still has to free (nf_tables) */
  close(aside?: boolean): void;
}

/** Default time to wait for the kernel; deleting links can take tens of milliseconds, hundreds at once seconds. */
const TIMEOUT_MS = 30_000;

/** Netlink over a transport. Sequence numbers are this socket's own; answers to others are passed over. */
export function netlinkSocket(transport: Transport, options: { timeoutMs?: number } = {}): NetlinkSocket {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  let seq = 0;

  async function exchange(requests: readonly Request[], containing?: Uint8Array): Promise<Answer[]> {
    if (requests.length === 0) return [];
    if (seq + requests.length > 0xffff_ffff) seq = 0;
    const first = seq + 1;
    const sent: Sent[] = [];
    for (const request of requests) sent.push({ request, bytes: request.encode(++seq) });
    const op = `${requests[0]?.op}${requests.length === 1 ? "" : ` and ${requests.length - 1} more`}`;
    const answer = await ask(transport, concat(sent), timeoutMs, op, containing);
    return sortOut(answer, first, sent, op);
  }

  async function exchangeOne(req: Request, containing?: Uint8Array): Promise<Answer> {
    const [outcome] = await exchange([req], containing);
    if (!outcome) throw new NetlinkError(req.op, EPROTO, { message: "no answer" });
    return outcome;
  }

  /** One reading of a list; interrupted when the kernel says, in one of several ways, that it is not the whole list. */
  async function dumpOnce(req: Request, containing?: Uint8Array): Promise<Outcome> {
    const outcome = await exchangeOne(req, containing).catch((error: unknown) => {
      if (!isNetlinkError(error, "ENOBUFS")) throw error;
      const refused = new Answer();
      refused.refuse(ENOBUFS, error);
      return refused;
    });
    if (outcome.errno === EINTR || outcome.errno === ENOBUFS) {
      outcome.interrupted = true;
      return outcome;
    }
    if (outcome.error) throw outcome.error;
    if (!outcome.answered) throw new NetlinkError(req.op, EPROTO, { message: "the list has no end (NLMSG_DONE)" });
    return outcome;
  }

  return {
    exchange: (requests) => exchange(requests),
    async commit(...requests) {
      const outcomes = await exchange(requests);
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.errno !== 0) throw outcome.error;
        const request = requests[i];
        if (request && request.flags & NLM_F.ACK && !outcome.answered)
          throw new NetlinkError(request.op, EPROTO, { message: "the kernel did not acknowledge the request" });
      }
    },
    async get(ask, value, reply, object) {
      const req = request(ask, value, NLM_F.REQUEST | NLM_F.ACK, object);
      const outcome = await exchangeOne(req);
      if (outcome.error) throw outcome.error;
      const raw = outcome.replies[0];
      if (!raw || raw.type !== reply.type)
        throw new NetlinkError(req.op, EPROTO, { message: `expected ${reply.name}, got type ${raw?.type ?? "none"}` });
      return reply.decode(raw.bytes) as never;
    },
    async dump(ask, value, reply, containing) {
      const req = request(ask, value, NLM_F.REQUEST | NLM_F.DUMP);
      const wanted = containing && packed(containing);
      for (let attempt = 1; ; attempt++) {
        const outcome = await dumpOnce(req, wanted);
        if (!outcome.interrupted)
          return outcome.replies.filter((r) => r.type === reply.type).map((r) => reply.decode(r.bytes)) as never;
        if (attempt < DUMP_TRIES) continue;
        if (isNetlinkError(outcome.error, "ENOBUFS")) throw outcome.error;
        throw new NetlinkError(req.op, EINTR, { message: `the list changed during each of ${attempt} readings` });
      }
    },
    close: (aside) => transport.close(aside),
  };
}

interface Sent {
  readonly request: Request;
  readonly bytes: Uint8Array;
}

/** What the kernel said to one request, as it comes in. */
class Answer implements Outcome {
  errno = 0;
  answered = false;
  readonly replies: RawMessage[] = [];
  warning: string | undefined;
  interrupted = false;
  private refusal: NetlinkError | (() => NetlinkError) | undefined;

  get error(): NetlinkError | undefined {
    if (typeof this.refusal === "function") this.refusal = this.refusal();
    return this.refusal;
  }

  /** The first refusal counts. */
  refuse(errno: number, refusal: NetlinkError | (() => NetlinkError)): void {
    if (this.errno !== 0) return;
    this.errno = errno;
    this.refusal = refusal;
  }
}

/** Gives each request what the kernel said to it; `first` is the sequence number of the first one. */
function sortOut(answer: Uint8Array, first: number, sent: readonly Sent[], op: string): Answer[] {
  const outcomes = sent.map(() => new Answer());
  try {
    for (const raw of splitMessages(answer)) {
      const index = raw.seq - first;
      const [outcome, about] = [outcomes[index], sent[index]];
      if (outcome && about) takeNote(outcome, raw, about);
    }
  } catch (error) {
    if (error instanceof DecodeError)
      throw new NetlinkError(op, EPROTO, { message: `garbled answer: ${error.message}` });
    throw error;
  }
  return outcomes;
}

function takeNote(outcome: Answer, raw: RawMessage, { request, bytes }: Sent): void {
  if (raw.type === NLMSG.NOOP) return;
  if (raw.type === NLMSG.OVERRUN) {
    outcome.refuse(ENOBUFS, () => new NetlinkError(request.op, ENOBUFS));
    return;
  }
  if (raw.flags & NLM_F.DUMP_INTR && raw.type !== NLMSG.ERROR) outcome.interrupted = true;
  if (raw.type !== NLMSG.ERROR && raw.type !== NLMSG.DONE) {
    outcome.replies.push(raw);
    return;
  }
  outcome.answered = true;
  if (raw.type === NLMSG.DONE && raw.bytes.length < DONE_WITH_ERRNO) return;
  const errno = errnoOf(raw);
  if (errno > 0) outcome.refuse(errno, () => toError(request.op, readAck(raw), request.schema, bytes));
  else if (raw.flags & NLM_F.ACK_TLVS) outcome.warning ??= readAck(raw).tlvs.message;
}

/** What the addon takes in all, and for each. */
const MAX_WANTED = 1024;
const MAX_STRETCH = 255;

/** Each behind its length; `undefined` for more than can be looked for. */
function packed(stretches: readonly Uint8Array[]): Uint8Array | undefined {
  const length = stretches.reduce((n, stretch) => n + 1 + stretch.length, 0);
  if (length > MAX_WANTED || stretches.some((stretch) => stretch.length > MAX_STRETCH)) return undefined;
  const out = new Uint8Array(length);
  let at = 0;
  for (const stretch of stretches) {
    out[at] = stretch.length;
    out.set(stretch, at + 1);
    at += 1 + stretch.length;
  }
  return out;
}

async function ask(
  transport: Transport,
  bytes: Uint8Array,
  timeoutMs: number,
  op: string,
  containing: Uint8Array | undefined,
): Promise<Uint8Array> {
  try {
    return await transport.exchange(bytes, timeoutMs, containing);
  } catch (error) {
    const errno = (error as { errno?: unknown }).errno;
    if (errno === ETIMEDOUT) throw new NetlinkError(op, ETIMEDOUT, { message: `no answer within ${timeoutMs} ms` });
    if (typeof errno === "number") throw new NetlinkError(op, Math.abs(errno), { message: (error as Error).message });
    throw error;
  }
}

function concat(sent: readonly Sent[]): Uint8Array {
  if (sent.length === 1 && sent[0]) return sent[0].bytes;
  const out = new Uint8Array(sent.reduce((n, { bytes }) => n + bytes.length, 0));
  let at = 0;
  for (const { bytes } of sent) {
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}
