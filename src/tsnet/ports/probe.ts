import { formatIp } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { RT_SCOPE } from "../../netlink/rtnl/route.const.ts";
import type { PublishedPort } from "./published.ts";

/** What came of a connection to a published port. */
export interface Probed {
  /** `undefined`: cannot be told, as for protocols without connections. */
  readonly answers: boolean | undefined;
  readonly text: string;
}

const TIMEOUT_MS = 1_000;
/** Connections under way at once. */
const AT_ONCE = 16;

/**
 * Connects to each TCP port through its published address, as a neighbour would, and to the container itself where that
 * fails, which tells apart a container that does not listen from a way that is broken. Sends no data.
 */
export async function probePorts(host: Kernel, ports: readonly PublishedPort[]): Promise<Probed[]> {
  const own = (await host.addr.list()).filter((addr) => addr.scope === RT_SCOPE.UNIVERSE && !addr.tentative);
  const ownAddress = (family: 4 | 6): string | undefined => own.find((addr) => addr.family === family)?.address;
  const found: Probed[] = [];
  for (let at = 0; at < ports.length; at += AT_ONCE)
    found.push(...(await Promise.all(ports.slice(at, at + AT_ONCE).map((port) => probe(port, ownAddress)))));
  return found;
}

async function probe({ record }: PublishedPort, ownAddress: (family: 4 | 6) => string | undefined): Promise<Probed> {
  if (record.protocol !== "tcp") return { answers: undefined, text: "cannot be told" };
  const address = record.hostAddress ? formatIp(record.hostAddress) : ownAddress(record.family);
  if (address === undefined) return { answers: undefined, text: `this host has no IPv${record.family} address` };
  const through = await connect(address, record.hostPort);
  if (through === "open") return { answers: true, text: "answers" };
  const direct = await connect(formatIp(record.target), record.targetPort);
  if (direct === "open") return { answers: false, text: `container answers, but not through ${address}: ${through}` };
  return {
    answers: false,
    text: direct === "refused" ? "nothing listens in the container" : `container does not answer: ${direct}`,
  };
}

/** `open`, or in a word why not. */
async function connect(hostname: string, port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve("no answer"), TIMEOUT_MS);
  const reason = (error: unknown): string => {
    const code = (error as { code?: unknown }).code;
    return code === "ECONNREFUSED" ? "refused" : typeof code === "string" ? code : "failed";
  };
  try {
    const socket = await Promise.race([
      Bun.connect({
        hostname,
        port,
        socket: {
          data() {},
          connectError: (_socket, error) => resolve(reason(error)),
        },
      }).then(
        (opened) => {
          resolve("open");
          return opened;
        },
        (error: unknown) => {
          resolve(reason(error));
          return undefined;
        },
      ),
      promise.then(() => undefined),
    ]);
    socket?.end();
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
