import type { Kernel } from "../../../kernel/kernel.ts";
import { echo, largest } from "../../overlay/reach.ts";

/** A way on which large packets are lost and nobody says so. */
export interface Narrow {
  readonly target: string;
  /** What is sent, and the most that comes through. */
  readonly mtu: number;
  readonly arrives: number;
  /** Round trip of a small packet in milliseconds. */
  readonly ms: number;
}

export const SMALL_BYTES = 100;
/** What every way has to take: RFC 791 and RFC 8200, section 5. */
const LEAST = { 4: 576, 6: 1280 } as const;
const TIMEOUT_MS = 300;

/**
 * Sends echo requests that may not be cut to pieces, a small one and one as large as a link takes. `undefined` where that one is
 * answered, where somebody says that it is too large (then senders adapt), and where even the small one is not answered:
 * nothing can be told then.
 */
export async function narrowWay(from: Pick<Kernel, "echo">, target: string, mtu: number): Promise<Narrow | undefined> {
  const least = LEAST[target.includes(":") ? 6 : 4];
  if (mtu <= least) return undefined;
  const small = await echo(from, target, SMALL_BYTES, TIMEOUT_MS);
  if (small.ms === undefined) return undefined;
  const large = await echo(from, target, mtu, TIMEOUT_MS);
  if (large.ms !== undefined || large.tooLarge) return undefined;
  // Nor was the way lost meanwhile.
  const again = await echo(from, target, SMALL_BYTES, TIMEOUT_MS);
  if (again.ms === undefined) return undefined;
  let told = false;
  const waitMs = Math.min(TIMEOUT_MS, Math.ceil(4 * Math.max(small.ms, again.ms)) + 80);
  const fits = async (bytes: number): Promise<boolean> => {
    const { ms, tooLarge } = await echo(from, target, bytes, waitMs);
    told ||= tooLarge === true;
    return ms !== undefined;
  };
  const arrives = await largest(fits, least, mtu);
  return told || arrives === mtu ? undefined : { target, mtu, arrives, ms: small.ms };
}
