import type { Rule } from "../../../kernel/rule.ts";
import { about, type Doubt } from "../finding.ts";
import { isRouted, type Picture } from "../picture.ts";
import { isUsual } from "../routing.ts";

const MAX_SHOWN = 5;

/** What decides about containers' packets and is not evaluated. */
export function blindSpots({ host, attachments }: Picture): Doubt[] {
  const scopes = attachments.filter(isRouted).map(({ cached }) => about.attachment(cached));
  if (scopes.length === 0) return [];
  const found: Doubt[] = [];
  const { legacyTables = [], rules = [] } = host;
  if (legacyTables.length > 0)
    found.push({
      sentence: `what the rules of legacy iptables do with the packets of containers: there are the tables ${legacyTables.join(", ")}`,
      evidence: [
        "they stand beside those of nftables and can only be read by iptables-legacy-save and ip6tables-legacy-save",
      ],
      scopes,
    });
  const unusual = rules.filter((rule) => !isUsual(rule));
  if (unusual.length > 0)
    found.push({
      sentence:
        "which way the packets of containers take on this host: rules choose other routing tables, which are not followed",
      evidence: unusual.slice(0, MAX_SHOWN).map(ruleText),
      scopes,
    });
  return found;
}

/** As much of it as tells it from others: `IPv4 rule 100: from 10.0.0.0/8 table 77`. */
function ruleText({ family, priority, from, to, iif, oif, mark, table, action }: Rule): string {
  const parts = { from, to, iif, oif, fwmark: mark, table: table || undefined };
  const text = Object.entries(parts).flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${value}`]));
  return `IPv${family} rule ${priority}: ${[...text, ...(!table && action ? [action] : [])].join(" ")}`;
}
