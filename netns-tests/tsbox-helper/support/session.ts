import { type Event, EventReader, request } from "../../../src/tsbox/helper/frames.ts";

type Exit = Extract<Event, { type: "exit" }>;

/** One connection to a monitor's socket, with everything it has said. */
export interface Session extends Disposable {
  send(frame: Uint8Array): void;
  /** Sends a request that is answered; throws what the monitor says against it. */
  ask(frame: Uint8Array): Promise<void>;
  /** The next EXIT; rejects when the connection ends without one. */
  exit(): Promise<Exit>;
  stdout(): string;
  stderr(): string;
  /** Until the output has the text. */
  until(text: string): Promise<void>;
  /**
   * Types a line until the program has ended, and says how: a shell throws away what was typed before it shows its prompt.
   */
  typeToEnd(line: string): Promise<Exit>;
  /** Until the connection has ended. */
  readonly closed: Promise<void>;
  close(): void;
  /** Stops reading, so that the monitor cannot write any more. */
  pause(): void;
  resume(): void;
}

export class MonitorError extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, text: string) {
    super(text);
    this.exitCode = exitCode;
  }
}

export async function connect(path: string): Promise<Session> {
  const reader = new EventReader();
  const answers: PromiseWithResolvers<void>[] = [];
  const exits: Exit[] = [];
  let waiting: PromiseWithResolvers<Exit> | undefined;
  const closed = Promise.withResolvers<void>();
  const text = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let isClosed = false;
  let queue: Uint8Array[] = [];

  const take = (event: Event): void => {
    if (event.type === "ok") answers.shift()?.resolve();
    else if (event.type === "error") answers.shift()?.reject(new MonitorError(event.exitCode, event.text));
    else if (event.type === "exit") {
      if (waiting) waiting.resolve(event);
      else exits.push(event);
      waiting = undefined;
    } else text[event.type] += decoders[event.type].decode(event.bytes, { stream: true });
  };
  const flush = (socket: Bun.Socket): void => {
    while (queue[0]) {
      const put = socket.write(queue[0]);
      if (put < queue[0].length) {
        queue[0] = queue[0].subarray(Math.max(put, 0));
        return;
      }
      queue.shift();
    }
  };
  const end = (): void => {
    isClosed = true;
    const error = new Error("the monitor has closed the connection");
    for (const answer of answers.splice(0)) answer.reject(error);
    waiting?.reject(error);
    closed.resolve();
  };
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data: (_, bytes) => {
        for (const event of reader.push(new Uint8Array(bytes))) take(event);
      },
      drain: flush,
      close: end,
      error: end,
    },
  });
  const send = (frame: Uint8Array): void => {
    queue.push(frame);
    flush(socket);
  };
  const session: Session = {
    send,
    ask: (frame) => {
      const answer = Promise.withResolvers<void>();
      answers.push(answer);
      send(frame);
      return answer.promise;
    },
    exit: () => {
      const known = exits.shift();
      if (known) return Promise.resolve(known);
      if (isClosed) return Promise.reject(new Error("the monitor has closed the connection"));
      waiting = Promise.withResolvers<Exit>();
      return waiting.promise;
    },
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    until: async (wanted) => {
      for (let i = 0; i < 1000; i++) {
        if (text.stdout.includes(wanted) || text.stderr.includes(wanted)) return;
        if (isClosed) break;
        await Bun.sleep(10);
      }
      throw new Error(`no ${JSON.stringify(wanted)} in ${JSON.stringify(text)}`);
    },
    typeToEnd: async (line) => {
      const end = session.exit();
      for (let isOver = false; !isOver; ) {
        send(request.stdin(Buffer.from(`${line}\r`)));
        isOver = (await Promise.race([end, Bun.sleep(300)])) !== undefined;
      }
      return end;
    },
    closed: closed.promise,
    close: () => socket.end(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    [Symbol.dispose]: () => {
      queue = [];
      socket.end();
    },
  };
  return session;
}

/** Connects, attaches to everything, starts. */
export async function attachAndStart(path: string): Promise<Session> {
  const session = await connect(path);
  await session.ask(request.attach({ stdin: true, output: true, lossless: true }));
  await session.ask(request.start());
  return session;
}
