import { isSystemError } from "../../../native/load.ts";
import { formatIp } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Remote } from "../../plugin/overlay/choose-peers.ts";
import { gatewaysOf } from "../../plugin/overlay/device-difference.ts";

/** How a peer's VTEP answers through the tunnel. */
export interface Reach {
  readonly remote: Remote;
  /** The VTEP's address inside that was asked. */
  readonly vtep: string;
  /** Round trip in milliseconds; `undefined`: no answer. */
  readonly ms: number | undefined;
  /** The largest packet that was answered, in bytes; `undefined`: none. */
  readonly mtu: number | undefined;
  /** What containers may send it. */
  readonly wanted: number;
  /** Where there is no answer: whether the host itself answers in the underlay, or what the kernel says. */
  readonly why: string | undefined;
}

/** Any smaller packet would be a small one too: an IPv6 link has to take as much (RFC 8200, section 5). */
const SMALL = 100;
const LEAST = { 4: 576, 6: 1280 } as const;
const TRIES = 3;

type Asks = Pick<Kernel, "echo">;

/**
 * Asks a peer's VTEP by its first address inside, with a small packet, then with one of the overlay's full size, and where
 * that one is lost, for the largest that is not.
 */
export async function reachOf(host: Asks, remote: Remote, mtu: number, timeoutMs: number): Promise<Reach> {
  const [gateway] = gatewaysOf(remote.subnets);
  const vtep = gateway ? formatIp(gateway) : "";
  const ask = (address: string, bytes: number) => echo(host, address, bytes, timeoutMs);
  const small = await ask(vtep, SMALL);
  if (small.ms === undefined) {
    const outside = await ask(formatIp(remote.address), SMALL);
    const told = small.error ?? `nothing came back within ${timeoutMs} ms`;
    const host =
      outside.ms === undefined ? "nor does the host in the underlay" : "the host itself does in the underlay";
    return { remote, vtep, ms: undefined, mtu: undefined, wanted: mtu, why: `${told}; ${host}` };
  }
  const fits = async (bytes: number): Promise<boolean> => (await ask(vtep, bytes)).ms !== undefined;
  const found = await largest(fits, LEAST[gateway?.family ?? 4], mtu);
  return { remote, vtep, ms: small.ms, mtu: found, wanted: mtu, why: undefined };
}

/** The largest size that fits, of `most` and less; that `least` does is taken for granted. */
export async function largest(fits: (bytes: number) => Promise<boolean>, least: number, most: number): Promise<number> {
  if (most <= least || (await fits(most))) return most;
  let [low, high] = [least, most];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** A packet or its answer may be lost for other reasons than its size, so it is sent again unless that is said. */
export async function echo(
  host: Asks,
  address: string,
  bytes: number,
  timeoutMs: number,
): Promise<{ ms: number | undefined; tooLarge?: true; error?: string }> {
  let error: string | undefined;
  for (let i = 0; i < TRIES; i++) {
    try {
      const ms = await host.echo(address, { bytes, timeoutMs });
      if (ms !== undefined) return { ms };
    } catch (thrown) {
      if (!isSystemError(thrown) || !TOLD.includes(thrown.code)) throw thrown;
      if (thrown.code === "EMSGSIZE") return { ms: undefined, tooLarge: true };
      error = thrown.message;
    }
  }
  return { ms: undefined, ...(error !== undefined && { error }) };
}

/** What the network says instead of an answer. */
const TOLD = ["EMSGSIZE", "EHOSTUNREACH", "ENETUNREACH", "ECONNREFUSED", "EACCES", "EHOSTDOWN", "ENONET", "EPERM"];
