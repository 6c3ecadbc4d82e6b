import type { Kernel } from "../../kernel/kernel.ts";
import { type NftChange, type NftView, nftLookup, type TableRef } from "../../kernel/nft.ts";
import type { Attachment } from "../owner.ts";
import { containersIn, mentions, NAT_TABLES, referenceChain, removeChain, removeRules } from "./reference-rules.ts";

const HOSTPORT = "CNI-HOSTPORT-DNAT";
/** Chains of one container in the table `nat`, and where they are entered; the second kind is of very old versions. */
const CHAINS = [
  { prefix: "CNI-DN-", parents: [HOSTPORT] },
  { prefix: "CNI-SN-", parents: ["CNI-HOSTPORT-SNAT", "POSTROUTING"] },
];

/** The nftables back-end's tables; comments there are the container's ID alone. */
const HOSTPORT_TABLES: readonly TableRef[] = [
  { family: "ip", table: "cni_hostport" },
  { family: "ip6", table: "cni_hostport" },
];
const HOSTPORT_CHAINS = ["hostports", "hostip_hostports", "masquerading"];

/**
 * Removes what the reference portmap left for this container.
 * @param addresses the container's, as bytes, where known: rules of the nftables back-end for its other networks stay
 */
export async function removeReferencePorts(
  { nft }: Kernel,
  attachment: Attachment,
  addresses: readonly Uint8Array[],
): Promise<void> {
  // Mostly there is nothing, and then no lock is taken.
  const traces = await nft.findAll([
    ...NAT_TABLES.flatMap((table) =>
      CHAINS.map(({ prefix }) => nftLookup.chain(table, referenceChain(prefix, attachment))),
    ),
    ...HOSTPORT_TABLES.map((table) => nftLookup.chain(table, "hostports")),
  ]);
  if (traces.every((trace) => trace === undefined)) return;
  await nft.transaction(async (view) => {
    const changes = await removalOfChains(view, attachment);
    for (const table of HOSTPORT_TABLES)
      changes.push(
        ...(await removeRules(
          view,
          table,
          HOSTPORT_CHAINS,
          (comment, rule) =>
            comment === attachment.containerId && (addresses.length === 0 || mentions(rule, addresses)),
        )),
      );
    return { changes, result: undefined };
  });
}

async function removalOfChains(view: NftView, owner: Omit<Attachment, "ifName">): Promise<NftChange[]> {
  const changes: NftChange[] = [];
  for (const table of NAT_TABLES)
    for (const { prefix, parents } of CHAINS)
      changes.push(...(await removeChain(view, table, referenceChain(prefix, owner), parents)));
  return changes;
}

/** GC: the same for every container that the reference's rules name for this network and that is not in `valid`. */
export async function collectReferencePorts(
  { nft }: Kernel,
  network: string,
  valid: ReadonlySet<string>,
): Promise<void> {
  const traces = await nft.findAll(NAT_TABLES.map((table) => nftLookup.chain(table, HOSTPORT)));
  if (traces.every((trace) => trace === undefined)) return;
  await nft.transaction(async (view) => {
    const stale = new Set<string>();
    for (const table of NAT_TABLES)
      for (const id of await containersIn(view, table, HOSTPORT, network)) if (!valid.has(id)) stale.add(id);
    const changes: NftChange[] = [];
    for (const containerId of stale) changes.push(...(await removalOfChains(view, { network, containerId })));
    return { changes, result: undefined };
  });
}

/** What a person runs where the reference used legacy xtables, which netlink does not reach; `undefined` where it did not. */
export async function legacyPortsHint({ nft }: Kernel, attachment: Attachment): Promise<string | undefined> {
  if (!(await nft.legacyTables()).includes("nat")) return undefined;
  const chain = referenceChain("CNI-DN-", attachment);
  return (
    `legacy iptables is in use on this host; if the reference portmap published ports of ${attachment.containerId} there, run: ` +
    ["iptables-legacy", "ip6tables-legacy"]
      .map(
        (tool) =>
          `${tool} -t nat -S ${HOSTPORT} | grep -w ${chain} | sed s/^-A/-D/ | xargs -rL1 ${tool} -t nat; ${tool} -t nat -F ${chain} && ${tool} -t nat -X ${chain}`,
      )
      .join("; ")
  );
}
