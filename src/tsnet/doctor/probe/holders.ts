import type { Native } from "../../../../native/addon.ts";
import { isSystemError } from "../../../../native/load.ts";
import type { Ip } from "../../../ip/index.ts";
import type { Link } from "../../../kernel/link.ts";
import { received } from "./names.ts";
import { whoHas } from "./who-has.ts";

type Asks = Pick<Native, "packetOpen" | "writeAll" | "localReceiveAsync" | "closeFd">;

/** Three times, as RFC 5227 has it, but sooner: who has the address answers at once. */
const WAITS_MS = [150, 150, 400] as const;
/** On a busy link others' frames come in too. */
const MAX_FRAMES = 5_000;

/**
 * The MAC of somebody else on the link's wire who says that an address of ours is its own; `undefined` when nobody does. Asks in
 * nobody's name, so that no neighbour's table changes.
 * @param own MACs of this host and container: with several links on a wire, each answers for the others
 */
export async function otherHolder(
  native: Asks,
  netns: number,
  link: Pick<Link, "index" | "mac">,
  ip: Ip,
  own: ReadonlySet<string>,
): Promise<string | undefined> {
  const { protocol, frame, holderIn } = whoHas(ip, link.mac);
  let fd: number | undefined;
  try {
    fd = native.packetOpen(netns, link.index, protocol);
    let left = MAX_FRAMES;
    for (const wait of WAITS_MS) {
      native.writeAll(fd, frame);
      const until = performance.now() + wait;
      for (let ms: number = wait; ms > 0 && left > 0; ms = until - performance.now(), left--) {
        const bytes = await received(native, fd, ms);
        const holder = bytes && holderIn(bytes);
        if (holder !== undefined && !own.has(holder)) return holder;
        if (!bytes) break;
      }
    }
  } catch (error) {
    // The link is down, or its namespace is gone: that is named by others.
    if (!isSystemError(error)) throw error;
  } finally {
    if (fd !== undefined) native.closeFd(fd);
  }
  return undefined;
}
