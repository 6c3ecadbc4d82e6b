import { isSystemError } from "../../../native/load.ts";
import { Failure } from "../failure.ts";
import { request } from "../helper/frames.ts";
import type { Surroundings } from "../surroundings.ts";
import { signalName } from "../values/signal.ts";
import { DetachKeys } from "./detach-keys.ts";
import type { Exit, MonitorClient, MonitorListener } from "./monitor.ts";

/** How this process's streams are tied to a container's. */
export interface Ties {
  /** Whether what is typed here goes there. */
  readonly stdin: boolean;
  /** The container has a terminal: the one here follows its size, and is raw while what is typed goes there. */
  readonly tty: boolean;
  readonly detachKeys: Uint8Array;
  /** Whether signals to this process go to the container. */
  readonly proxySignals: boolean;
  readonly output: Output;
  /**
   * When nobody reads the output any more: the container is stopped, as a program in a pipe ends there; or only this
   * process, which is another one's guest, goes.
   */
  readonly whenUnread: "stop" | "leave";
}

/** How it ended: `detached` when it was left running. */
export type Ending =
  | { readonly kind: "exit"; readonly exit: Exit }
  | { readonly kind: "detached" }
  /** Left because nobody reads its output. */
  | { readonly kind: "unread" }
  | { readonly kind: "lost" };

/** A container's output, which goes where this process's goes. What cannot be written any more is dropped. */
export interface Output extends MonitorListener {
  /** When nobody reads standard output any more (`tsbox run … | head`). */
  readonly unread: Promise<void>;
}

export function outputTo({ native }: Pick<Surroundings, "native">): Output {
  const broken = new Set<number>();
  const unread = Promise.withResolvers<void>();
  return {
    unread: unread.promise,
    output(stream, bytes) {
      const fd = stream === "stdout" ? 1 : 2;
      if (broken.has(fd)) return;
      try {
        native.writeAll(fd, bytes);
      } catch (error) {
        if (!isSystemError(error)) throw error;
        broken.add(fd);
        if (fd === 1 && error.code === "EPIPE") unread.resolve();
      }
    },
  };
}

/**
 * Refuses to tie a terminal to a standard input that is none, as Docker does: a pipe's end would never reach the program. To be
 * asked before anything is made.
 */
export function requireTerminal(
  { native }: Pick<Surroundings, "native">,
  { tty, stdin }: Pick<Ties, "tty" | "stdin">,
): void {
  if (tty && stdin && native.ttySize(0) === undefined)
    throw new Failure("the input device is not a TTY", "leave -t away to pass a pipe or a file on");
}

/** For a program that ends by itself when it is told to. A first process which does not would not hear SIGPIPE either. */
const UNREAD_STOP_MS = 2000;

/** Ties the streams until the container ends, the connection breaks or somebody detaches. */
export async function tie(s: Surroundings, client: MonitorClient, ties: Ties): Promise<Ending> {
  const undo: (() => void)[] = [];
  try {
    const detached = Promise.withResolvers<Ending>();
    const isTerminal = ties.tty && ties.stdin && s.native.ttySize(0) !== undefined;
    if (isTerminal) undo.push(makeRaw(s.native));
    if (ties.tty) undo.push(followSize(client, s));
    if (ties.proxySignals) undo.push(passSignals(client, s));
    if (ties.stdin)
      passInput(client, isTerminal ? new DetachKeys(ties.detachKeys) : undefined, () => {
        client.send(request.detach());
        detached.resolve({ kind: "detached" });
      }).catch(() => {
        // It cannot be read (a folder, a terminal that is gone): for the container it ends there.
        client.send(request.stdinEnd());
      });
    const ended = client.ended.then((exit): Ending => (exit === undefined ? { kind: "lost" } : { kind: "exit", exit }));
    const unread = ties.output.unread.then((): Ending | Promise<Ending> => {
      if (ties.whenUnread === "leave") return { kind: "unread" };
      client.request(request.stop(undefined, UNREAD_STOP_MS)).catch(() => {});
      return ended;
    });
    return await Promise.race([ended, detached.promise, unread]);
  } finally {
    for (const action of undo) action();
  }
}

async function passInput(client: MonitorClient, keys: DetachKeys | undefined, detach: () => void): Promise<void> {
  for await (const typed of Bun.stdin.stream()) {
    const { pass, detached } = keys?.take(typed) ?? { pass: typed, detached: false };
    if (pass.length > 0) client.send(request.stdin(pass));
    if (detached) return detach();
    await client.drained();
  }
  client.send(request.stdinEnd());
}

/** Every byte passes as it is, until it is taken back; also when this process is ended. */
function makeRaw(native: Surroundings["native"]): () => void {
  const before = native.ttyRaw(0);
  const restore = (): void => {
    try {
      native.ttyRestore(0, before);
    } catch {
      // The terminal is gone.
    }
  };
  process.on("exit", restore);
  return () => {
    process.off("exit", restore);
    restore();
  };
}

/** The size of the terminal here, for the container's. */
export function terminalSize({ native }: Pick<Surroundings, "native">): { rows: number; columns: number } {
  const { rows, columns } = native.ttySize(1) ?? native.ttySize(0) ?? { rows: 0, columns: 0 };
  return { rows: rows || 24, columns: columns || 80 };
}

function followSize(client: MonitorClient, s: Surroundings): () => void {
  const tell = (): void => {
    const { rows, columns } = terminalSize(s);
    client.send(request.resize(rows, columns));
  };
  tell();
  process.on("SIGWINCH", tell);
  return () => {
    process.off("SIGWINCH", tell);
  };
}

const SIGKILL = 9;
/** Not passed on: what cannot be caught, and what concerns this process alone (as docker-run(1), --sig-proxy). */
const OWN = ["SIGKILL", "SIGSTOP", "SIGCHLD", "SIGPIPE", "SIGWINCH", "SIGURG"];
/** Faults of this process itself. */
const FAULTS = ["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP", "SIGSYS"];

/** Who says so often that it is to end means it. */
const INSISTS = 3;

/**
 * A first process without a handler hears no SIGINT and no SIGTERM (pid_namespaces(7)): at the third of them it is killed, as
 * otherwise nothing here would end it.
 */
function passSignals(client: MonitorClient, { err }: Pick<Surroundings, "err">): () => void {
  const undo: (() => void)[] = [];
  let asked = 0;
  for (let number = 1; number < 32; number++) {
    const name = signalName(number);
    if (OWN.includes(name) || FAULTS.includes(name)) continue;
    const pass = (): void => {
      if ((name === "SIGINT" || name === "SIGTERM") && ++asked === INSISTS) {
        err("tsbox: killed, as it did not end when it was told to (--init would pass the signal on to it)\n");
        client.request(request.signal(SIGKILL, true)).catch(() => {});
      } else client.request(request.signal(number)).catch(() => {});
    };
    try {
      process.on(name as NodeJS.Signals, pass);
      undo.push(() => process.off(name as NodeJS.Signals, pass));
    } catch {
      // A signal that this runtime keeps for itself keeps its effect on this process.
    }
  }
  return () => {
    for (const action of undo) action();
  };
}
