import type { Ip } from "../../src/ip/index.ts";
import { ipToBytes } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { type NftView, nftChange, nftLookup, type TableRef } from "../../src/kernel/nft.ts";
import { mentions } from "../../src/plugin/nat/reference-rules.ts";

/** Where the reference plugin's iptables back-end has two rules for each address; they name nothing but that. */
const CHAIN = "CNI-FORWARD";
const TABLES = [
  { family: "ip", table: "filter" },
  { family: "ip6", table: "filter" },
] as const;
const tableOf = ({ family }: Ip): TableRef => TABLES[family === 4 ? 0 : 1];

/** The tables in which that chain is. */
export async function referenceChains(view: NftView): Promise<TableRef[]> {
  const found = await view.findAll(TABLES.map((table) => nftLookup.chain(table, CHAIN)));
  return TABLES.filter((_, i) => found[i] !== undefined);
}

/**
 * Removes what the reference plugin left for these addresses, which are nobody's any more.
 * @param tables where it has its chain
 */
export async function removeReferenceRules(
  { nft }: Kernel,
  addresses: readonly Ip[],
  tables: readonly TableRef[],
): Promise<void> {
  const concerned = addresses.filter((ip) => tables.includes(tableOf(ip)));
  if (concerned.length === 0) return;
  await nft.transaction(async (view) => {
    const changes = [];
    for (const ip of concerned) {
      const bytes = ipToBytes(ip);
      for (const rule of await view.rules(tableOf(ip), CHAIN, [bytes]))
        if (rule.handle !== undefined && mentions(rule, [bytes]))
          changes.push(nftChange.delRule(tableOf(ip), CHAIN, rule.handle));
    }
    return { changes, result: undefined };
  });
}
