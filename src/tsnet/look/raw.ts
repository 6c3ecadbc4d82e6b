import { isSystemError } from "../../../native/load.ts";
import { RTM } from "../../netlink/rtnl/constants.ts";
import { IFF, IFLA, RTEXT_FILTER } from "../../netlink/rtnl/link.const.ts";
import { getLink } from "../../netlink/rtnl/link.ts";
import { NETLINK } from "../../netlink/socket/native-transport.ts";
import { NLM_F } from "../../netlink/socket/request.ts";
import { align4 } from "../../netlink/wire/index.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Namespace } from "./model.ts";

/** Answers of the kernel read where they lie: for lists so long that an object for each entry is what takes the time. */

const TIMEOUT_MS = 30_000;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const HEADER = 16;

export const DUMP = NLM_F.REQUEST | NLM_F.DUMP;

/** Asks for all links, without their counters. */
export const linkDump = (): Uint8Array => getLink.encode({ attrs: { extMask: RTEXT_FILTER.SKIP_STATS } }, DUMP, 1);

/**
 * What the kernel answers to each of some dumps of rtnetlink. `undefined` when anything is out of the ordinary (the namespace is
 * gone, it refuses): then the long way tells what.
 */
export function rawDumps(
  { native }: Pick<Surroundings, "native">,
  ns: Namespace,
  requests: readonly Uint8Array[],
): Uint8Array[] | undefined {
  const path = ns.own ? "/proc/self/ns/net" : ns.handles[0]?.path;
  if (path === undefined) return undefined;
  let fd = -1;
  let socket = -1;
  try {
    fd = native.netnsOpen(path);
    if (native.netnsIdentity(fd) !== ns.identity) return undefined;
    socket = native.netlinkOpen(NETLINK.ROUTE, fd);
    const answers: Uint8Array[] = [];
    for (const request of requests) answers.push(native.netlinkExchange(socket, request, TIMEOUT_MS));
    return answers;
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  } finally {
    if (socket >= 0) native.closeFd(socket);
    if (fd >= 0) native.closeFd(fd);
  }
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Calls `visit` for each message of a type, with where it begins and ends; false when there was an error, an interruption, or
 * nonsense, so that what was read is not the whole list.
 */
export function eachMessage(view: DataView, type: number, visit: (at: number, end: number) => void): boolean {
  let at = 0;
  while (at + HEADER <= view.byteLength) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > view.byteLength) return false;
    const kind = view.getUint16(at + 4, true);
    if (kind === NLMSG_ERROR || (view.getUint16(at + 6, true) & NLM_F.DUMP_INTR) !== 0) return false;
    // The end of a list tells how it ended.
    if (kind === NLMSG_DONE && length >= HEADER + 4 && view.getInt32(at + HEADER, true) < 0) return false;
    if (kind === type) visit(at, at + length);
    at += align4(length);
  }
  return true;
}

/** Where the payload of an attribute begins and ends; the last of its type. */
export function findAttr(
  view: DataView,
  from: number,
  end: number,
  type: number,
): readonly [number, number] | undefined {
  let found: readonly [number, number] | undefined;
  for (let at = from; at + 4 <= end; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > end) return undefined;
    if (view.getUint16(at + 2, true) === type) found = [at + 4, at + length];
    at += align4(length);
  }
  return found;
}

export interface RawLink {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly loopback: boolean;
}

const decoder = new TextDecoder();

/** Links of an answer to RTM_GETLINK. `struct ifinfomsg` is 16 bytes: index at 4, flags at 8. */
export function rawLinks(bytes: Uint8Array): RawLink[] | undefined {
  const view = viewOf(bytes);
  const links: RawLink[] = [];
  const whole = eachMessage(view, RTM.NEWLINK, (at, end) => {
    const name = findAttr(view, at + HEADER + 16, end, IFLA.IFNAME);
    if (!name) return;
    const flags = view.getUint32(at + HEADER + 8, true);
    links.push({
      index: view.getInt32(at + HEADER + 4, true),
      name: decoder.decode(bytes.subarray(name[0], name[1] - 1)),
      up: (flags & IFF.UP) !== 0,
      loopback: (flags & IFF.LOOPBACK) !== 0,
    });
  });
  return whole ? links : undefined;
}
