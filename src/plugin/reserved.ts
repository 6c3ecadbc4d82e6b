import { type Cidr, cidrContains, type Ip, parseCidr } from "../ip/index.ts";

const cidr = (text: string): Cidr => {
  const parsed = parseCidr(text);
  if (!parsed) throw new TypeError(text);
  return parsed;
};

/** Ranges no host's or container's address is of, each with what it is (RFC 1122, section 3.2.1.3; RFC 4291, section 2.4). */
export const RESERVED: readonly (readonly [Cidr, string])[] = [
  [cidr("0.0.0.0/8"), "this host"],
  [cidr("127.0.0.0/8"), "loopback"],
  [cidr("224.0.0.0/3"), "multicast or reserved"],
  [cidr("::/127"), "loopback"],
  [cidr("ff00::/8"), "multicast"],
];

export const LINK_LOCAL: readonly (readonly [Cidr, string])[] = [
  [cidr("169.254.0.0/16"), "link-local"],
  [cidr("fe80::/10"), "link-local"],
];

/** What an address is that nobody can have; `undefined` when somebody can. */
export const reservedAs = (ip: Ip): string | undefined => RESERVED.find(([range]) => cidrContains(range, ip))?.[1];
