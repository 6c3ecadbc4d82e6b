/** The protocol of a monitor's socket (native/box/README.md, "Socket protocol"): frames to bytes and back. Pure. */

export const MAX_PAYLOAD = 65_536;
const HEAD_BYTES = 8;
/** STOP: as configured, for ever. */
const CONFIGURED = 0xffff_fffe;
const FOR_EVER = 0xffff_ffff;

const ATTACH = { stdin: 1, output: 2, lossless: 4 } as const;
const RESTART = { no: 0, "on-failure": 1, always: 2, "unless-stopped": 3 } as const;

/** What a client asks for. Those with an answer: attach, start, signal, stop, wait, restart. */
export const request = {
  /** Output comes from now on. `lossless`: the container waits for this client, which otherwise is dropped when it is slow. */
  attach: (to: { stdin?: boolean; output?: boolean; lossless?: boolean }): Uint8Array =>
    frame(1, (to.stdin ? ATTACH.stdin : 0) | (to.output ? ATTACH.output : 0) | (to.lossless ? ATTACH.lossless : 0)),
  start: (): Uint8Array => frame(2),
  signal: (number: number, manualStop = false): Uint8Array => frame(3, number, manualStop ? 1 : 0),
  resize: (rows: number, columns: number): Uint8Array => frame(4, rows, columns),
  /** Cut into several frames when it is long. */
  stdin: (bytes: Uint8Array): Uint8Array => cut(5, bytes),
  stdinEnd: (): Uint8Array => frame(6),
  detach: (): Uint8Array => frame(7),
  stop: (signal?: number, timeoutMs?: number | "never"): Uint8Array =>
    frame(8, signal ?? 0, timeoutMs === undefined ? CONFIGURED : timeoutMs === "never" ? FOR_EVER : timeoutMs),
  wait: (): Uint8Array => frame(9),
  restart: (name: keyof typeof RESTART, maxRetries = 0): Uint8Array => frame(10, RESTART[name], maxRetries),
} as const;

/** What a monitor says. */
export type Event =
  | { readonly type: "ok" }
  | { readonly type: "error"; readonly exitCode: number; readonly errno: number; readonly text: string }
  | { readonly type: "stdout" | "stderr"; readonly bytes: Uint8Array }
  | {
      readonly type: "exit";
      readonly exitCode: number;
      /** 0 when it exited. */
      readonly signal: number;
      readonly oomKilled: boolean;
      readonly lost: boolean;
      readonly willRestart: boolean;
    };

export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Takes bytes as they come and gives whole events. */
export class EventReader {
  #rest: Uint8Array = new Uint8Array(0);

  /** @throws FrameError for what no monitor sends; the connection is of no use then */
  push(bytes: Uint8Array): Event[] {
    let all = bytes;
    if (this.#rest.length > 0) {
      all = new Uint8Array(this.#rest.length + bytes.length);
      all.set(this.#rest);
      all.set(bytes, this.#rest.length);
    }
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const events: Event[] = [];
    let at = 0;
    while (all.length - at >= HEAD_BYTES) {
      const length = view.getUint32(at + 4, true);
      if (length > MAX_PAYLOAD) throw new FrameError(`a frame of ${length} bytes`);
      if (all.length - at < HEAD_BYTES + length) break;
      events.push(event(view.getUint32(at, true), all.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)));
      at += HEAD_BYTES + length;
    }
    this.#rest = all.slice(at);
    return events;
  }
}

function event(type: number, payload: Uint8Array): Event {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const need = (bytes: number): void => {
    if (payload.length < bytes) throw new FrameError(`frame ${type}: ${payload.length} bytes, need ${bytes}`);
  };
  switch (type) {
    case 101:
      return { type: "ok" };
    case 102:
      need(8);
      return {
        type: "error",
        exitCode: view.getUint32(0, true),
        errno: view.getUint32(4, true),
        text: new TextDecoder().decode(payload.subarray(8)),
      };
    case 103:
      return { type: "stdout", bytes: payload };
    case 104:
      return { type: "stderr", bytes: payload };
    case 105: {
      need(12);
      const bits = view.getUint32(8, true);
      return {
        type: "exit",
        exitCode: view.getUint32(0, true),
        signal: view.getUint32(4, true),
        oomKilled: (bits & 1) !== 0,
        lost: (bits & 2) !== 0,
        willRestart: (bits & 4) !== 0,
      };
    }
    default:
      throw new FrameError(`frame of unknown type ${type}`);
  }
}

function frame(type: number, ...numbers: readonly number[]): Uint8Array {
  const out = new Uint8Array(HEAD_BYTES + 4 * numbers.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, 4 * numbers.length, true);
  for (const [index, number] of numbers.entries()) view.setUint32(HEAD_BYTES + 4 * index, number, true);
  return out;
}

function cut(type: number, bytes: Uint8Array): Uint8Array {
  const pieces = Math.ceil(bytes.length / MAX_PAYLOAD);
  const out = new Uint8Array(pieces * HEAD_BYTES + bytes.length);
  const view = new DataView(out.buffer);
  let at = 0;
  for (let from = 0; from < bytes.length; from += MAX_PAYLOAD) {
    const piece = bytes.subarray(from, from + MAX_PAYLOAD);
    view.setUint32(at, type, true);
    view.setUint32(at + 4, piece.length, true);
    out.set(piece, at + HEAD_BYTES);
    at += HEAD_BYTES + piece.length;
  }
  return out;
}
