import { parseIpBytes, parsePrefixLen } from "../ip/index.ts";
import { AF } from "../netlink/rtnl/constants.ts";

/** An address with prefix length, as netlink wants it. */
export interface Prefix {
  readonly family: 2 | 10;
  readonly address: string;
  readonly length: number;
}

/** `AF_INET` or `AF_INET6`, which an IPv4-mapped address is too. Throws TypeError when the text is no address. */
export function familyOf(address: string): 2 | 10 {
  const bytes = parseIpBytes(address);
  if (!bytes) throw new TypeError(`"${address}" is no IP address`);
  return bytes.length === 4 ? AF.INET : AF.INET6;
}

/** `10.1.0.5/16`; without a length, that of one address. Throws TypeError when the text is none. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = familyOf(address);
  const bits = family === AF.INET ? 32 : 128;
  if (slash < 0) return { family, address, length: bits };
  const given = text.slice(slash + 1);
  const length = parsePrefixLen(given, bits);
  if (length === undefined) throw new TypeError(`"${text}": the prefix length is 0..${bits}, not "${given}"`);
  return { family, address, length };
}

/** A whole family: where a dump leaves the destination out. */
export const anyAddress = (family: number): string => (family === AF.INET ? "0.0.0.0" : "::");
