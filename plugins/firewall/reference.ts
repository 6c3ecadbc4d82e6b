import type { Ip } from "../../src/ip/index.ts";
import { ipToBytes } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { nftChange, nftLookup, type TableRef } from "../../src/kernel/nft.ts";
import { mentions } from "../../src/plugin/nat/reference-rules.ts";

/** Where the reference plugin's iptables back-end has two rules for each address; they name nothing but that. */
const CHAIN = "CNI-FORWARD";
const tableOf = ({ family }: Ip): TableRef => ({ family: family === 4 ? "ip" : "ip6", table: "filter" });

/** Removes what the reference plugin left for these addresses, which are nobody's any more. */
export async function removeReferenceRules({ nft }: Kernel, addresses: readonly Ip[]): Promise<void> {
  if (addresses.length === 0) return;
  const traces = await nft.findAll(addresses.map((ip) => nftLookup.chain(tableOf(ip), CHAIN)));
  if (traces.every((trace) => trace === undefined)) return;
  await nft.transaction(async (view) => {
    const changes = [];
    for (const ip of addresses) {
      const bytes = ipToBytes(ip);
      for (const rule of await view.rules(tableOf(ip), CHAIN, [bytes]))
        if (rule.handle !== undefined && mentions(rule, [bytes]))
          changes.push(nftChange.delRule(tableOf(ip), CHAIN, rule.handle));
    }
    return { changes, result: undefined };
  });
}
