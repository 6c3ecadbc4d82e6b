/** Names that iproute2 has for numbers, without its files in /etc/iproute2: what stands there is the machine's own taste. */
import { RT_SCOPE, RT_TABLE, RTN, RTPROT } from "../../netlink/rtnl/route.const.ts";

const reversed = (names: Readonly<Record<string, number>>, rename: Readonly<Record<string, string>> = {}) =>
  new Map(Object.entries(names).map(([key, value]) => [value, rename[key] ?? key.toLowerCase()]));

const named = (names: ReadonlyMap<number, string>) => (value: number) => names.get(value) ?? String(value);

export const scopeName = named(reversed(RT_SCOPE, { UNIVERSE: "global" }));
export const typeName = named(reversed(RTN));
export const protocolName = named(reversed(RTPROT));
export const tableName = named(
  new Map([
    [RT_TABLE.DEFAULT, "default"],
    [RT_TABLE.MAIN, "main"],
    [RT_TABLE.LOCAL, "local"],
  ]),
);

/** ARPHRD_* of linux/if_arp.h, as `ip link` calls them. */
const LINK_TYPES = new Map([
  [1, "ether"],
  [32, "infiniband"],
  [65534, "none"],
  [512, "ppp"],
  [768, "ipip"],
  [769, "tunnel6"],
  [772, "loopback"],
  [776, "sit"],
  [778, "gre"],
  [823, "gre6"],
  [824, "netlink"],
  [280, "can"],
  [801, "ieee802.11"],
]);
export const linkTypeName = (type: number): string => LINK_TYPES.get(type) ?? `[${type}]`;

/** Names by index of one namespace's links; `if7` for one that is not there. */
export interface LinkNames {
  (index: number): string;
  /** Whether it is there and switched off. */
  isDown(index: number): boolean;
}

export function linkNames(
  links: readonly { readonly index: number; readonly name: string; readonly up: boolean }[],
): LinkNames {
  const byIndex = new Map(links.map((link) => [link.index, link]));
  return Object.assign((index: number) => byIndex.get(index)?.name ?? `if${index}`, {
    isDown: (index: number) => byIndex.get(index)?.up === false,
  });
}

/** Names of the bits that are set, in the order of the table. */
export const flagNames = (table: readonly (readonly [bit: number, name: string])[], flags: number): string[] =>
  table.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);

/** A number as printf(3) has it for `%#x`: zero has no prefix. */
export const hex = (value: number): string => (value === 0 ? "0" : `0x${value.toString(16)}`);

/** Members of a list as JSON objects: one thing of one of the tools. */
export type Form = Record<string, unknown>;
