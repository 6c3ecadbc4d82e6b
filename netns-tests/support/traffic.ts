import { peerPath } from "./peer.ts";
import type { Place } from "./place.ts";
import type { Ran } from "./run.ts";

export type Proto = "tcp" | "udp";

export interface Listener {
  readonly proto: Proto;
  /** `0.0.0.0` and `::` listen on every address of their family only. */
  readonly address: string;
  readonly port: number;
}

/**
 * Starts a server with these sockets; returns when all of them listen. TCP answers each line, and HTTP requests; UDP each
 * datagram; every answer says which source address and port the server saw.
 */
export async function serve(place: Place, listeners: readonly Listener[]): Promise<AsyncDisposable> {
  const sockets = listeners.flatMap(({ proto, address, port }) => [proto, address, String(port)]);
  const child = Bun.spawn([...place.enter, await peerPath(), "serve", ...sockets], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  const reader = child.stdout.getReader();
  const first = await reader.read();
  reader.releaseLock();
  if (first.value === undefined || !new TextDecoder().decode(first.value).startsWith("ready")) {
    await stop();
    throw new Error(`serve ${sockets.join(" ")} in ${place.name}: ${await new Response(child.stderr).text()}`);
  }
  return { [Symbol.asyncDispose]: stop };
}

/** TCP (with HTTP) and UDP on one port, on every v4 and v6 address of the place. */
export const serveAll = (place: Place, port: number): Promise<AsyncDisposable> =>
  serve(
    place,
    (["tcp", "udp"] as const).flatMap((proto) => ["0.0.0.0", "::"].map((address) => ({ proto, address, port }))),
  );

export interface Seen {
  /** Source address as the server saw it: shows masquerading. */
  readonly address: string;
  readonly port: number;
}

export interface AskOptions {
  /** 5 s by default; a failing attempt that is expected to hang wants less. */
  readonly timeoutMs?: number;
  readonly sourceAddress?: string;
  /** Needs `sourceAddress`. */
  readonly sourcePort?: number;
}

/** One round trip with a server of `serve`; datagrams are sent again every 0.3 s. Throws with the errno's name (`ECONNREFUSED`, `ETIMEDOUT`) when there is none. */
export async function ask(
  from: Place,
  proto: Proto,
  address: string,
  port: number,
  options: AskOptions = {},
): Promise<Seen> {
  const text = crypto.randomUUID();
  const timeoutMs = options.timeoutMs ?? 5_000;
  const source = [options.sourceAddress, options.sourcePort?.toString()].filter((part) => part !== undefined);
  const ran = await peer(from, timeoutMs, "ask", proto, address, String(port), String(timeoutMs), text, ...source);
  if (ran.code !== 0) throw new Error(`${proto} ${from.name} → ${address} port ${port}: ${ran.stderr.trim()}`);
  const [seenAddress, seenPort, echoed] = ran.stdout.trim().split(" ");
  if (seenAddress === undefined || echoed !== text)
    throw new Error(`${proto} ${from.name} → ${address} port ${port}: not our echo: ${JSON.stringify(ran.stdout)}`);
  return { address: seenAddress, port: Number(seenPort) };
}

export const tcpEcho = (from: Place, address: string, port: number, options?: AskOptions): Promise<Seen> =>
  ask(from, "tcp", address, port, options);
export const udpEcho = (from: Place, address: string, port: number, options?: AskOptions): Promise<Seen> =>
  ask(from, "udp", address, port, options);

/** Whether a server of `serve` answers; false for refused and for silence (`timeoutMs`, 400 by default). */
export async function reaches(
  from: Place,
  proto: Proto,
  address: string,
  port: number,
  options: AskOptions = {},
): Promise<boolean> {
  const answer = ask(from, proto, address, port, { timeoutMs: 400, ...options });
  return answer.then(
    () => true,
    (error: Error) => {
      if (/ETIMEDOUT|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EACCES|EPERM|EINVAL/.test(error.message)) return false;
      throw error;
    },
  );
}

/** Body of `GET /` from a server of `serve`: `SRCADDR SRCPORT`. */
export async function httpGet(from: Place, address: string, port: number, timeoutMs = 5_000): Promise<string> {
  const ran = await peer(from, timeoutMs, "get", address, String(port), String(timeoutMs));
  if (ran.code !== 0) throw new Error(`GET ${from.name} → ${address} port ${port}: ${ran.stderr.trim()}`);
  return ran.stdout;
}

/** Whether an ICMP echo comes back, v4 or v6; sent again every 0.3 s. */
export async function ping(from: Place, address: string, timeoutMs = 5_000): Promise<boolean> {
  const ran = await peer(from, timeoutMs, "ping", address, String(timeoutMs));
  return ran.code === 0;
}

const peer = async (from: Place, timeoutMs: number, ...args: string[]): Promise<Ran> =>
  from.run([await peerPath(), ...args], { timeoutMs: timeoutMs + 5_000 });
