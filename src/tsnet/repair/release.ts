import { surplusPassages } from "../../../plugins/firewall/passage.ts";
import { formatIp } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { nftChange } from "../../kernel/nft.ts";
import { findRecords } from "../../plugin/nat/records.ts";
import { TABLE } from "../../plugin/nat/table.ts";
import { listPublished } from "../../plugin/nat/unpublish.ts";

/** What was taken away, or would be. */
export interface Released {
  /** `inet tsnet` */
  readonly tables: readonly string[];
  readonly publishedPorts: number;
  /** Addresses whose connections were masqueraded. */
  readonly masqueraded: number;
  /** Links whose `route_localnet` went back to 0. */
  readonly links: readonly string[];
}

/** The families that plugins have tables of. */
const FAMILIES = ["inet", "bridge"] as const;

/**
 * Deletes the tables of the plugins, and what the firewall plugin put into others' chains. First the links of published ports stop routing 127.0.0.0/8: the chain that kept
 * neighbours away from the host's loopback goes with the tables.
 */
export async function releaseAll(host: Kernel, { dryRun }: { readonly dryRun: boolean }): Promise<Released> {
  const ports = await listPublished(host);
  const masqueraded = await findRecords(host.nft, ["masq4", "masq6"]);
  const targets = new Set(ports.filter(({ family }) => family === 4).map(({ target }) => formatIp(target)));
  const links = await localnetLinks(host, targets);
  const present = (await host.nft.tables()).filter(({ name }) => name === TABLE.table).map(({ family }) => family);
  const tables = FAMILIES.filter((family) => present.includes(family));
  if (!dryRun) {
    for (const link of links) await host.sysctl.set(localnetKey(link), "0");
    await host.nft.transaction(async (view) => {
      const now = (await view.tables()).filter(({ name }) => name === TABLE.table).map(({ family }) => family);
      const gone = FAMILIES.filter((family) => now.includes(family));
      const changes = gone.map((family) => nftChange.delTable({ family, table: TABLE.table }));
      // Without our table nothing bears the mark that these rules are about.
      return { result: undefined, changes: [...changes, ...(await surplusPassages(view, []))] };
    });
  }
  return {
    tables: tables.map((family) => `${family} ${TABLE.table}`),
    publishedPorts: ports.length,
    masqueraded: masqueraded.length,
    links,
  };
}

const localnetKey = (link: string): string => `net/ipv4/conf/${link}/route_localnet`;

/** The links by which containers with published ports are reached, where packets to 127.0.0.0/8 may leave. */
async function localnetLinks(host: Kernel, targets: ReadonlySet<string>): Promise<string[]> {
  const names = new Set<string>();
  for (const target of targets) {
    const { oif } = await host.route.get(target);
    const link = oif === undefined ? undefined : await host.link.get(oif);
    if (link && !link.loopback && (await host.sysctl.get(localnetKey(link.name))) === "1") names.add(link.name);
  }
  return [...names].sort();
}
