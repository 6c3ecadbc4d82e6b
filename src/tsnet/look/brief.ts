import { isSystemError } from "../../../native/load.ts";
import { formatIpv4, formatIpv6 } from "../../ip/index.ts";
import { IFA } from "../../netlink/rtnl/addr.const.ts";
import { getAddr } from "../../netlink/rtnl/addr.ts";
import { AF, RTM } from "../../netlink/rtnl/constants.ts";
import { IFF, IFLA, RTEXT_FILTER } from "../../netlink/rtnl/link.const.ts";
import { getLink } from "../../netlink/rtnl/link.ts";
import { NETLINK, NLM_F } from "../../netlink/socket/index.ts";
import { align4 } from "../../netlink/wire/index.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Namespace } from "./model.ts";

/** What a line of a list says of a namespace. */
export interface Brief {
  /** Without the loopback. */
  readonly links: readonly string[];
  /** With prefix length; neither the host's own nor link-local ones. */
  readonly addresses: readonly string[];
}

const TIMEOUT_MS = 10_000;
const DUMP = NLM_F.REQUEST | NLM_F.DUMP;
/** Scopes from here on are for a link or a host alone: RT_SCOPE_*, linux/rtnetlink.h. */
const LINK_SCOPE = 253;
const NLMSG_ERROR = 2;

let requests: { readonly links: Uint8Array; readonly addresses: Uint8Array } | undefined;

/**
 * Reads a namespace as far as a list of hundreds needs it: two exchanges, and of the answers only names and addresses.
 * `undefined` when anything is out of the ordinary (it is gone, refuses, changed meanwhile): then the long way tells what.
 */
export function readBrief({ native }: Pick<Surroundings, "native">, ns: Namespace): Brief | undefined {
  requests ??= {
    links: getLink.encode({ attrs: { extMask: RTEXT_FILTER.SKIP_STATS } }, DUMP, 1),
    addresses: getAddr.encode({}, DUMP, 2),
  };
  const path = ns.own ? "/proc/self/ns/net" : ns.handles[0]?.path;
  if (path === undefined) return undefined;
  let fd = -1;
  let socket = -1;
  try {
    fd = native.netnsOpen(path);
    if (native.netnsIdentity(fd) !== ns.identity) return undefined;
    socket = native.netlinkOpen(NETLINK.ROUTE, fd);
    const links = linksOf(native.netlinkExchange(socket, requests.links, TIMEOUT_MS));
    const addresses = links && addressesOf(native.netlinkExchange(socket, requests.addresses, TIMEOUT_MS));
    return links && addresses && { links, addresses };
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  } finally {
    if (socket >= 0) native.closeFd(socket);
    if (fd >= 0) native.closeFd(fd);
  }
}

const decoder = new TextDecoder();

/** Calls `visit` for each message of a type; false when there was an error, an interruption, or nonsense. */
function each(view: DataView, type: number, visit: (at: number, end: number) => void): boolean {
  for (let at = 0; at + 16 <= view.byteLength; ) {
    const length = view.getUint32(at, true);
    if (length < 16 || at + length > view.byteLength) return false;
    const kind = view.getUint16(at + 4, true);
    if (kind === NLMSG_ERROR || (view.getUint16(at + 6, true) & NLM_F.DUMP_INTR) !== 0) return false;
    if (kind === type) visit(at + 16, at + length);
    at += align4(length);
  }
  return true;
}

/** Where the payload of an attribute begins and ends; the last of its type. */
function find(view: DataView, from: number, end: number, type: number): readonly [number, number] | undefined {
  let found: readonly [number, number] | undefined;
  for (let at = from; at + 4 <= end; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > end) return undefined;
    if (view.getUint16(at + 2, true) === type) found = [at + 4, at + length];
    at += align4(length);
  }
  return found;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** `struct ifinfomsg` is 16 bytes, flags at 8. */
function linksOf(bytes: Uint8Array): string[] | undefined {
  const view = viewOf(bytes);
  const names: string[] = [];
  const whole = each(view, RTM.NEWLINK, (at, end) => {
    const name = find(view, at + 16, end, IFLA.IFNAME);
    if (!name || (view.getUint32(at + 8, true) & IFF.LOOPBACK) !== 0) return;
    names.push(decoder.decode(bytes.subarray(name[0], name[1] - 1)));
  });
  return whole ? names : undefined;
}

/** `struct ifaddrmsg` is 8 bytes: family, prefix length, flags, scope. */
function addressesOf(bytes: Uint8Array): string[] | undefined {
  const view = viewOf(bytes);
  const texts: string[] = [];
  const whole = each(view, RTM.NEWADDR, (at, end) => {
    if (view.getUint8(at + 3) >= LINK_SCOPE) return;
    const address = find(view, at + 8, end, IFA.LOCAL) ?? find(view, at + 8, end, IFA.ADDRESS);
    if (!address) return;
    const part = bytes.subarray(address[0], address[1]);
    const v4 = view.getUint8(at) === AF.INET;
    if (part.length !== (v4 ? 4 : 16)) return;
    texts.push(`${v4 ? formatIpv4(part) : formatIpv6(part)}/${view.getUint8(at + 1)}`);
  });
  return whole ? texts : undefined;
}
