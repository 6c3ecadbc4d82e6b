import { formatIp, ipFromBytes } from "../../ip/index.ts";
import type { RulesetTable } from "../../kernel/nft-ruleset.ts";
import { hostEnd, PORT_MAPS, publishedOf } from "../../plugin/nat/port-keys.ts";
import { recordOf } from "../../plugin/nat/records.ts";
import { TABLE } from "../../plugin/nat/table.ts";
import { type Form, linkNames } from "../forms/names.ts";
import { rulesetForm } from "../forms/nft/ruleset.ts";
import { rulesetText } from "../forms/nft/text.ts";
import type { Snapshot } from "../look/index.ts";
import type { Masquerade, PublishedPort } from "./model.ts";

/** Published ports and masquerading of a namespace: our own table element by element, others' rules as their words. */
export interface Nat {
  readonly published: readonly PublishedPort[];
  readonly masquerades: readonly Masquerade[];
}

/** Sets of the masquerading in our table. */
const MASQUERADED = ["masq4", "masq6"];

/** @param faceOf the face that has an address */
export function natOf(snapshot: Snapshot, faceOf: (address: string) => string | undefined): Nat {
  const published: PublishedPort[] = [];
  const masquerades: Masquerade[] = [];
  for (const table of snapshot.nft?.tables ?? [])
    if (table.family === TABLE.family && table.name === TABLE.table) own(table, faceOf, published, masquerades);
    else foreign(snapshot, table, published, masquerades);
  return { published, masquerades };
}

function own(
  { sets }: RulesetTable,
  faceOf: (address: string) => string | undefined,
  published: PublishedPort[],
  masquerades: Masquerade[],
): void {
  for (const { set, elements = [] } of sets) {
    const name = set.name ?? "";
    for (const element of elements) {
      const port = PORT_MAPS.includes(name) ? publishedOf(recordOf(name, element)) : undefined;
      if (port) {
        const address = formatIp(port.target);
        published.push({
          protocol: port.protocol,
          host: hostEnd(port),
          target: `${port.family === 4 ? address : `[${address}]`}:${port.targetPort}`,
          face: faceOf(address),
          by: "tsnet",
        });
      }
      const source = MASQUERADED.includes(name) && element.key?.value && ipFromBytes(element.key.value);
      if (source) masquerades.push({ source: formatIp(source), face: faceOf(formatIp(source)), by: "tsnet" });
    }
  }
}

/** Rules of others that translate addresses; iptables-nft's are recognised by their target's name. */
function foreign(
  { links = [] }: Snapshot,
  table: RulesetTable,
  published: PublishedPort[],
  masquerades: Masquerade[],
): void {
  if (table.rules.length === 0) return;
  const bare = { generation: 0, torn: false, tables: [{ ...table, sets: [], objects: [], flowtables: [] }] };
  for (const { rule } of rulesetForm(bare, { linkName: linkNames(links) }).nftables as { rule?: Form }[]) {
    const statements = (rule?.["expr"] ?? []) as Form[];
    const kind = statements.map(translation).find((found) => found !== undefined);
    if (!rule || kind === undefined) continue;
    const by = `${table.family} ${table.name} ${String(rule["chain"])}`;
    const words = wordsOf(rule);
    if (kind === "source") masquerades.push({ source: words, face: undefined, by });
    else published.push({ protocol: "", host: words, target: "", face: undefined, by });
  }
}

function translation(statement: Form): "source" | "target" | undefined {
  if ("masquerade" in statement || "snat" in statement) return "source";
  if ("dnat" in statement || "redirect" in statement) return "target";
  const xt = statement["xt"] as { name?: unknown } | null | undefined;
  if (xt?.name === "MASQUERADE" || xt?.name === "SNAT") return "source";
  return xt?.name === "DNAT" || xt?.name === "REDIRECT" ? "target" : undefined;
}

/** One rule as `nft` writes it. */
function wordsOf(rule: Form): string {
  const family = rule["family"];
  const table = rule["table"];
  const chain = rule["chain"];
  const text = rulesetText([
    { table: { family, name: table } },
    { chain: { family, table, name: chain } },
    { rule: { ...rule, comment: undefined } },
  ]);
  return text.split("\n")[2]?.trim() ?? "";
}
