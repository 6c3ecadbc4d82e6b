import { type Cidr, formatCidr, networkCidr } from "../../ip/index.ts";
import type { Expr } from "../../netlink/nft/index.ts";
import type { NamedRule } from "./chains.ts";
import { cmp, type Family, inPrefix, isFamily, isProtocol, type Protocol } from "./expressions.ts";

/** One test of a packet; of several values one must match, or with `negate` none. */
export type Condition =
  | { readonly kind: "saddr" | "daddr"; readonly negate: boolean; readonly values: readonly Cidr[] }
  /** Names of links; a last `*` stands for any rest. */
  | { readonly kind: "iif" | "oif"; readonly negate: boolean; readonly values: readonly string[] }
  /** Ports before translation, both ends included; with `protocol`, of that protocol only. */
  | {
      readonly kind: "sport" | "dport";
      readonly negate: boolean;
      readonly protocol?: Protocol | undefined;
      readonly values: readonly PortRange[];
    }
  | { readonly kind: "protocol"; readonly negate: boolean; readonly values: readonly Protocol[] };

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** A guard chain holds at most that many rules. */
export const MAX_ALTERNATIVES = 60;

/** How many rules `alternatives` makes of these conditions. */
export const countAlternatives = (conditions: readonly Condition[]): number =>
  conditions.reduce((n, c) => n * (c.negate ? 1 : c.values.length), 1);

/** Conditions as rules of which one must match: all conditions with one value each. */
export function alternatives(family: Family, conditions: readonly Condition[]): NamedRule[] {
  let rules: NamedRule[] = [{ comment: "", expressions: isFamily(family) }];
  for (const condition of conditions) {
    const tests = testsOf(condition);
    const both = (rule: NamedRule, test: NamedRule): NamedRule => ({
      comment: `${rule.comment} ${test.comment}`.trim(),
      expressions: [...rule.expressions, ...test.expressions],
    });
    rules = condition.negate
      ? rules.map((rule) => tests.reduce(both, rule))
      : rules.flatMap((rule) => tests.map((test) => both(rule, test)));
  }
  return rules;
}

function testsOf(condition: Condition): NamedRule[] {
  const { kind, negate } = condition;
  const op = negate ? "neq" : "eq";
  const name = (value: string): string => `${kind} ${negate ? "!= " : ""}${value}`;
  switch (kind) {
    case "saddr":
    case "daddr":
      return condition.values.map((value) => ({
        comment: name(formatCidr(networkCidr(value))),
        expressions: inPrefix(kind, value, op),
      }));
    case "iif":
    case "oif":
      return condition.values.map((value) => ({ comment: name(value), expressions: onLink(kind, value, op) }));
    case "sport":
    case "dport": {
      const { protocol } = condition;
      return condition.values.map((range) => ({
        comment: `${protocol ? `${protocol} ` : ""}${name(range.from === range.to ? `${range.from}` : `${range.from}-${range.to}`)}`,
        expressions: [...(protocol ? isProtocol(protocol) : []), ...onPort(kind, range, op)],
      }));
    }
    case "protocol":
      return condition.values.map((value) => ({ comment: name(value), expressions: isProtocol(value, op) }));
  }
}

/** IFNAMSIZ; the whole field is compared, or the part before a `*`. */
const NAME_BYTES = 16;

function onLink(kind: "iif" | "oif", name: string, op: "eq" | "neq"): Expr[] {
  const bytes = new TextEncoder().encode(name.endsWith("*") ? name.slice(0, -1) : name);
  const value = name.endsWith("*") ? bytes : new Uint8Array(NAME_BYTES);
  if (!name.endsWith("*")) value.set(bytes);
  return [{ kind: "meta", data: { key: kind === "iif" ? "iifname" : "oifname", dreg: 1 } }, cmp(op, value)];
}

const portBytes = (port: number): Uint8Array => Uint8Array.of(port >> 8, port & 255);

function onPort(kind: "sport" | "dport", { from, to }: PortRange, op: "eq" | "neq"): Expr[] {
  const load: Expr = {
    kind: "payload",
    data: { dreg: 1, base: "transport", offset: kind === "sport" ? 0 : 2, len: 2 },
  };
  if (from === to) return [load, cmp(op, portBytes(from))];
  if (op === "eq") return [load, cmp("gte", portBytes(from)), cmp("lte", portBytes(to))];
  return [
    load,
    { kind: "range", data: { sreg: 1, op, from: { value: portBytes(from) }, to: { value: portBytes(to) } } },
  ];
}
