import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectSocket } from "node:net";
import { type Decoded, decode, encode, type Fields } from "./proto.ts";

export interface GrpcClient extends Disposable {
  /** One unary call. Throws `GrpcError`. */
  call(method: string, request: Fields, timeoutMs?: number): Promise<Decoded>;
}

export class GrpcError extends Error {
  readonly status: number;
  constructor(method: string, status: number, message: string) {
    super(`${method}: grpc status ${status}: ${message}`);
    this.status = status;
  }
}

/** A client for unary gRPC calls (PROTOCOL-HTTP2.md of grpc) over a unix socket; calls may run at once. */
export async function connectGrpc(socketPath: string): Promise<GrpcClient> {
  const session = connectHttp2("http://localhost", { createConnection: () => connectSocket(socketPath) });
  await new Promise<void>((resolve, reject) => {
    session.once("connect", () => resolve());
    session.once("error", reject);
  });
  return {
    call: (method, request, timeoutMs = 30_000) => unary(session, method, request, timeoutMs),
    [Symbol.dispose]: () => session.destroy(),
  };
}

function unary(session: ClientHttp2Session, method: string, request: Fields, timeoutMs: number): Promise<Decoded> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": method,
      "content-type": "application/grpc",
      te: "trailers",
    });
    const timer = setTimeout(() => stream.destroy(new Error(`${method}: no answer after ${timeoutMs} ms`)), timeoutMs);
    const chunks: Uint8Array[] = [];
    let trailers: Record<string, unknown> = {};
    // An error without a message comes in the first headers already.
    stream.on("response", (headers) => {
      trailers = { ...headers };
    });
    stream.on("trailers", (headers) => {
      trailers = { ...trailers, ...headers };
    });
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      clearTimeout(timer);
      const status = Number(trailers["grpc-status"] ?? 2);
      const message = decodeURIComponent(String(trailers["grpc-message"] ?? ""));
      if (status !== 0) reject(new GrpcError(method, status, message));
      // A frame: one byte "compressed", four bytes length, the message.
      else resolve(decode(new Uint8Array(Buffer.concat(chunks)).subarray(5)));
    });
    const body = encode(request);
    const frame = new Uint8Array(5 + body.length);
    new DataView(frame.buffer).setUint32(1, body.length);
    frame.set(body, 5);
    stream.end(frame);
  });
}
