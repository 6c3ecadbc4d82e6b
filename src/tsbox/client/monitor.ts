import { Failure } from "../failure.ts";
import { type Event, EventReader, request } from "../helper/frames.ts";

export type Exit = Extract<Event, { type: "exit" }>;
export type Answer = Extract<Event, { type: "ok" | "error" }>;

export interface MonitorListener {
  /** Output of the container; whoever takes it must be done with it when this returns. */
  output?(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  exit?(exit: Exit): void;
}

/** A connection to a container's monitor. Answers come in the order of the requests. */
export class MonitorClient {
  readonly #waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];
  readonly #reader = new EventReader();
  readonly #listener: MonitorListener;
  #queue: Uint8Array[] = [];
  #socket: Bun.Socket | undefined;
  #drained: (() => void) | undefined;
  #exit: Exit | undefined;
  readonly #ended = Promise.withResolvers<Exit | undefined>();

  private constructor(listener: MonitorListener) {
    this.#listener = listener;
  }

  /** Connects; `undefined` when no monitor listens there, or it is ending or busy at this moment. */
  static async connect(path: string, listener: MonitorListener = {}): Promise<MonitorClient | undefined> {
    const client = new MonitorClient(listener);
    try {
      client.#socket = await client.#open(path);
      return client;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === undefined || code === "EACCES" || code === "EPERM") throw error;
      return undefined;
    }
  }

  #open(unix: string): Promise<Bun.Socket> {
    return Bun.connect({
      unix,
      socket: {
        data: (_, bytes) => this.#take(bytes),
        drain: () => this.#flush(),
        close: () => this.#close(),
        error: () => this.#close(),
        // The promise tells it; without this it would be an error nobody handles.
        connectError: () => {},
      },
    });
  }

  /** Sends a request that is answered. */
  request(frame: Uint8Array): Promise<Answer> {
    if (this.#socket === undefined) return Promise.reject(new Disconnected());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.send(frame);
    });
  }

  /** The same; an ERROR is thrown. */
  async must(frame: Uint8Array, what: string): Promise<void> {
    const answer = await this.request(frame);
    if (answer.type === "error") throw new Failure(`cannot ${what}: ${answer.text}`);
  }

  /** Sends what has no answer. */
  send(frame: Uint8Array): void {
    this.#queue.push(frame);
    this.#flush();
  }

  /** When all that was sent is on its way: standard input waits for it. */
  drained(): Promise<void> {
    if (this.#queue.length === 0 || this.#socket === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  /** How the container ended; `undefined` when the connection ended without saying: the monitor was killed. */
  get ended(): Promise<Exit | undefined> {
    return this.#ended.promise;
  }

  /** Waits until the container has ended; `undefined` when the connection ended without saying how. */
  async end(): Promise<Exit | undefined> {
    await this.request(request.wait()).catch(ignoreDisconnected);
    return this.ended;
  }

  close(): void {
    this.#socket?.end();
    this.#close();
  }

  #flush(): void {
    const socket = this.#socket;
    while (socket !== undefined && this.#queue.length > 0) {
      const [first = new Uint8Array()] = this.#queue;
      const written = socket.write(first);
      if (written < 0) return;
      if (written < first.length) {
        this.#queue[0] = first.subarray(written);
        return;
      }
      this.#queue.shift();
    }
    this.#drained?.();
    this.#drained = undefined;
  }

  #take(bytes: Uint8Array): void {
    for (const event of this.#reader.push(bytes)) {
      if (event.type === "ok" || event.type === "error") this.#waiting.shift()?.resolve(event);
      else if (event.type === "exit") {
        this.#listener.exit?.(event);
        if (event.willRestart) continue;
        this.#exit = event;
        this.#ended.resolve(event);
      } else this.#listener.output?.(event.type, event.bytes);
    }
  }

  #close(): void {
    this.#socket = undefined;
    this.#queue = [];
    this.#drained?.();
    for (const { reject } of this.#waiting.splice(0)) reject(new Disconnected());
    this.#ended.resolve(this.#exit);
  }
}

/** The connection ended before an answer: the container has ended, or its monitor was killed. */
export class Disconnected extends Failure {
  constructor() {
    super("the container's monitor has gone", "see tsbox ps -a");
  }
}

/** For a request to a container that may end meanwhile, whose end is what is waited for. */
export function ignoreDisconnected(error: unknown): undefined {
  if (error instanceof Disconnected) return undefined;
  throw error;
}
