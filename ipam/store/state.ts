import type { Ip } from "../../src/ip/index.ts";
import { chooseAddress } from "./allocate.ts";
import { readBootIdentity } from "./boot.ts";
import { type Files, isErrno } from "./files.ts";
import { believedHeader, blockOf } from "./index-file.ts";
import { addressOfName, type Layout } from "./layout.ts";
import { gatewaysOf, type RangeSet } from "./ranges.ts";
import type { StoreContext } from "./session.ts";
import { addLease, grow, hasRoom, nextFree, sizeFor, type Table, tableInMemory } from "./table.ts";

/**
 * Numbers of the sets that have no free address. For looking only: takes no lock and reads no lease, so a change under way
 * may be seen half. Names are enough; an empty file counts as leased here.
 */
export function fullSets(context: StoreContext, sets: readonly RangeSet[]): number[] {
  const table = tableToLookAt(context);
  const gateways = gatewaysOf(sets);
  const free = (from: Ip, to: Ip): Ip | undefined => nextFree(table, from, to);
  return [...sets.keys()].filter((i) => chooseAddress(sets[i] ?? [], undefined, gateways, free) === undefined);
}

function tableToLookAt({ files, layout, identity }: StoreContext): Table {
  const header = believedHeader(files, layout, identity ?? readBootIdentity(files));
  if (header !== undefined)
    return { size: header.size, counts: { ...header.counts }, block: blockOf(files, layout.index) };
  const ips = namesIn(files, layout).flatMap((name) => addressOfName(name) ?? []);
  let { table } = tableInMemory(sizeFor({ owners: 0, groups: Math.ceil(ips.length / 1024) }));
  for (const ip of ips) {
    if (!hasRoom(table)) table = grow(table).table;
    addLease(table, ip, undefined);
  }
  return table;
}

function namesIn(files: Files, layout: Layout): string[] {
  try {
    return files.listDir(layout.leases, 4_000_000);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
