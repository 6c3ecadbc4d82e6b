import { formatIpv4, formatIpv6 } from "../../ip/index.ts";
import { IFA } from "../../netlink/rtnl/addr.const.ts";
import { getAddr } from "../../netlink/rtnl/addr.ts";
import { AF, RTM } from "../../netlink/rtnl/constants.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Namespace } from "./model.ts";
import { DUMP, eachMessage, findAttr, linkDump, rawDumps, rawLinks, viewOf } from "./raw.ts";

/** What a line of a list says of a namespace. */
export interface Brief {
  /** Without the loopback. */
  readonly links: readonly string[];
  /** With prefix length; neither the host's own nor link-local ones. */
  readonly addresses: readonly string[];
}

/** Scopes from here on are for a link or a host alone: RT_SCOPE_*, linux/rtnetlink.h. */
const LINK_SCOPE = 253;

let requests: readonly [links: Uint8Array, addresses: Uint8Array] | undefined;

/**
 * Reads a namespace as far as a list of hundreds needs it: two exchanges, and of the answers only names and addresses.
 * `undefined` when anything is out of the ordinary (it is gone, refuses, changed meanwhile): then the long way tells what.
 */
export function readBrief(s: Pick<Surroundings, "native">, ns: Namespace): Brief | undefined {
  requests ??= [linkDump(), getAddr.encode({}, DUMP, 2)];
  const [first, second] = rawDumps(s, ns, requests) ?? [];
  const links = first && rawLinks(first);
  const addresses = second && addressesOf(second);
  return links && addresses && { links: links.filter((l) => !l.loopback).map((l) => l.name), addresses };
}

/** `struct ifaddrmsg` is 8 bytes behind the header: family, prefix length, flags, scope. */
function addressesOf(bytes: Uint8Array): string[] | undefined {
  const view = viewOf(bytes);
  const texts: string[] = [];
  const whole = eachMessage(view, RTM.NEWADDR, (at, end) => {
    if (view.getUint8(at + 19) >= LINK_SCOPE) return;
    const address = findAttr(view, at + 24, end, IFA.LOCAL) ?? findAttr(view, at + 24, end, IFA.ADDRESS);
    if (!address) return;
    const part = bytes.subarray(address[0], address[1]);
    const v4 = view.getUint8(at + 16) === AF.INET;
    if (part.length !== (v4 ? 4 : 16)) return;
    texts.push(`${v4 ? formatIpv4(part) : formatIpv6(part)}/${view.getUint8(at + 17)}`);
  });
  return whole ? texts : undefined;
}
