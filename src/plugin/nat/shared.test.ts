import { expect, test } from "bun:test";
import type { Expr } from "../../netlink/nft/index.ts";
import { MASQUERADE_PART } from "./masquerade.ts";
import { PORT_PART } from "./port-table.ts";
import type { SharedPart } from "./shared.ts";

const targetOf = (expr: Expr): string | undefined =>
  expr.kind === "immediate" ? expr.data?.data?.verdict?.chain : undefined;

const parts: [string, SharedPart][] = [
  ["ports", PORT_PART],
  ["masquerading", MASQUERADE_PART],
];

test.each(parts)("%s: chains say how many rules and jumps they have", (_name, part) => {
  for (const { name, rules, uses } of part.chains) {
    const jumps = part.chains.flatMap((c) => c.rules).filter((rule) => rule.some((e) => targetOf(e) === name));
    expect([name, uses]).toEqual([name, rules.length + jumps.length]);
  }
});

test.each(parts)("%s: what rules look up and jump to is declared, jumps go to earlier chains", (_name, part) => {
  const sets = new Set(part.sets.map((set) => set.name));
  const earlier = new Set<string>();
  for (const { name, rules } of part.chains) {
    for (const expr of rules.flat()) {
      const target = targetOf(expr);
      if (target !== undefined) expect(earlier).toContain(target);
      if (expr.kind === "lookup") expect(sets).toContain(expr.data?.set ?? "");
    }
    earlier.add(name);
  }
});
