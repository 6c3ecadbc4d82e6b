import type { Fd, Native } from "../../native/addon.ts";
import { type DbusCall, DbusError, decodeAnswer, encodeCall, MAX_MESSAGE, messageLength } from "./message.ts";

/** An answer that is an error: what a daemon says no with. */
export class DbusRefusal extends Error {
  override readonly name = "DbusRefusal";
  /** `org.fedoraproject.FirewallD1.Exception` */
  readonly errorName: string;

  constructor(call: DbusCall, errorName: string, message: string) {
    super(
      `${call.interface}.${call.member}(${call.args.map((arg) => JSON.stringify(arg)).join(", ")}): ${message || errorName}`,
    );
    this.errorName = errorName;
  }
}

/** What a bus says does not end with an answer in time, however much it says; an errno as of the socket itself. */
class DbusTimeout extends DbusError {
  readonly code = "ETIMEDOUT";
  readonly errno = 110;

  constructor(timeoutMs: number) {
    super(`the system's message bus gave no answer within ${timeoutMs / 1000} s`);
  }
}

export interface DbusConnection {
  /** Calls a method and waits for its answer: the first value of it, where that is a text or a truth value. */
  call(call: DbusCall): Promise<string | boolean | undefined>;
  close(): void;
}

/** Where the system's bus listens; D-Bus Specification, "Well-known Message Bus Instances". */
export const SYSTEM_BUS = "/run/dbus/system_bus_socket";
/** The bus itself has nothing to think about. */
const BUS_TIMEOUT_MS = 3_000;
/** Others do: firewalld answers after it has loaded its rules. */
const TIMEOUT_MS = 25_000;
/** No line before the first message comes near it. */
const MAX_LINE = 4096;

/**
 * Connects to the system's bus; `undefined` where none runs.
 * @param waiting "here" blocks the calling thread, "aside" waits on a thread of the addon
 */
export async function connectSystemBus(native: Native, waiting: "here" | "aside"): Promise<DbusConnection | undefined> {
  let fd: Fd;
  try {
    fd = native.localConnect(SYSTEM_BUS);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR") return undefined;
    throw error;
  }
  const receive = async (timeoutMs: number): Promise<Uint8Array> =>
    waiting === "here"
      ? native.localReceive(fd, MAX_MESSAGE, timeoutMs)
      : native.localReceiveAsync(fd, MAX_MESSAGE, timeoutMs);
  const connection = connectionOver(native, fd, receive);
  try {
    await connection.authenticate();
    await connection.call({ ...BUS, member: "Hello", args: [] });
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The bus itself. */
export const BUS = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
} as const;

function connectionOver(native: Native, fd: Fd, receiveSome: (timeoutMs: number) => Promise<Uint8Array>) {
  let serial = 0;
  let pending = new Uint8Array();
  let last: Promise<unknown> = Promise.resolve();

  async function receive(deadline: Deadline): Promise<void> {
    const left = Math.ceil(deadline.at - performance.now());
    if (left <= 0) throw new DbusTimeout(deadline.afterMs);
    const piece = await receiveSome(left).catch((error: unknown) => {
      throw (error as { code?: unknown }).code === "ETIMEDOUT" ? new DbusTimeout(deadline.afterMs) : error;
    });
    if (piece.length === 0) throw new DbusError("the system's message bus closed the connection");
    const joined = new Uint8Array(pending.length + piece.length);
    joined.set(pending);
    joined.set(piece, pending.length);
    pending = joined;
  }

  async function nextMessage(deadline: Deadline): Promise<Uint8Array> {
    for (;;) {
      const length = messageLength(pending);
      if (length !== undefined && pending.length >= length) {
        const message = pending.slice(0, length);
        pending = pending.slice(length);
        return message;
      }
      await receive(deadline);
    }
  }

  return {
    /** SASL, mechanism EXTERNAL: the bus asks the kernel who we are, and we have to say the same. */
    async authenticate(): Promise<void> {
      const uid = native.stat("/proc/self", true)?.uid ?? 0;
      const hex = [...String(uid)].map((digit) => digit.charCodeAt(0).toString(16)).join("");
      native.writeAll(fd, latin1(`\0AUTH EXTERNAL ${hex}\r\n`));
      let line = "";
      const deadline = within(BUS_TIMEOUT_MS);
      while (!line.endsWith("\r\n")) {
        if (line.length > MAX_LINE) throw new DbusError("the system's message bus began with a line that does not end");
        await receive(deadline);
        for (const byte of pending) line += String.fromCharCode(byte);
        pending = new Uint8Array();
      }
      if (!line.startsWith("OK ")) throw new DbusError(`the system's message bus does not let us in: ${line.trim()}`);
      native.writeAll(fd, latin1("BEGIN\r\n"));
    },
    call(call: DbusCall): Promise<string | boolean | undefined> {
      // One after another: each reads until its own answer comes.
      const mine = last.then(() => exchange(call));
      last = mine.catch(() => {});
      return mine;
    },
    close(): void {
      native.closeFd(fd);
    },
  };

  async function exchange(call: DbusCall): Promise<string | boolean | undefined> {
    const number = ++serial;
    native.writeAll(fd, encodeCall(number, call));
    const deadline = within(call.destination === BUS.destination ? BUS_TIMEOUT_MS : TIMEOUT_MS);
    for (;;) {
      // Signals may fill the time as well: what has come already counts too.
      if (performance.now() > deadline.at) throw new DbusTimeout(deadline.afterMs);
      const answer = decodeAnswer(await nextMessage(deadline));
      if (answer.kind === "other" || answer.replyTo !== number) continue;
      if (answer.kind === "return") return answer.value;
      throw new DbusRefusal(call, answer.errorName, typeof answer.value === "string" ? answer.value : "");
    }
  }
}

/** When an answer is late, by `performance.now`. */
interface Deadline {
  readonly at: number;
  readonly afterMs: number;
}

const within = (afterMs: number): Deadline => ({ at: performance.now() + afterMs, afterMs });

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
