import { type Cidr, formatCidr, networkCidr } from "../../ip/index.ts";
import { sha512 } from "../owner.ts";
import type { NamedRule } from "./chains.ts";
import { type Family, inPrefix, isFamily, masquerade, verdict } from "./expressions.ts";
import { LOOPBACK_NET } from "./port-table.ts";

/** A chain made on demand and named after what is in it, so that all who want the same share one. */
export interface SideChain {
  readonly name: string;
  readonly about: string;
  readonly rules: readonly NamedRule[];
}

export function sideChain(kind: string, about: string, rules: readonly NamedRule[]): SideChain {
  const content = rules.map((rule) => rule.comment).join("\n");
  return { name: `${kind}-${sha512(content).slice(0, 16)}`, about, rules };
}

const masqueradeFrom = (prefix: Cidr): NamedRule => ({
  comment: `from ${formatCidr(prefix)}`,
  expressions: [...isFamily(prefix.ip.family), ...inPrefix("saddr", prefix), masquerade],
});

/**
 * Which connections to a published port get the host's address as source: those from the container's own network, which
 * would be answered past the host, and those from loopback, which could not be answered at all.
 * @param address the container's, with the length of its network
 */
export function hairpinChain(address: Cidr): SideChain {
  const subnet = networkCidr(address);
  const family: Family = subnet.ip.family;
  const sources = family === 4 ? [subnet, LOOPBACK_NET] : [subnet];
  return sideChain("hairpin", `masquerade from ${formatCidr(subnet)}`, sources.map(masqueradeFrom));
}

/** `masqAll`: all of them. */
export const masqueradeAll = (): SideChain =>
  sideChain("hairpin", "masquerade all", [{ comment: "from everywhere", expressions: [masquerade] }]);

/** Goes back to the translation for packets that meet one of the alternatives; for others this port is not published. */
export const guardChain = (alternatives: readonly NamedRule[]): SideChain =>
  sideChain("only", "who may use a published port", [
    ...alternatives.map(({ comment, expressions }) => ({ comment, expressions: [...expressions, verdict("return")] })),
    { comment: "not published for others", expressions: [verdict("accept")] },
  ]);
