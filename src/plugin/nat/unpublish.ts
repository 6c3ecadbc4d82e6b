import type { Kernel } from "../../kernel/kernel.ts";
import type { NftChange, NftView } from "../../kernel/nft.ts";
import { type Attachment, networkHash, type Owner, ownerOf } from "../owner.ts";
import {
  ALL_PORT_SETS,
  PORT_MAPS,
  PORT_SETS,
  type Published,
  portIndex,
  portSlot,
  publishedOf,
  standbyOf,
} from "./port-keys.ts";
import { portEntry, slotsOf } from "./publish.ts";
import {
  type Entry,
  findRecords,
  insertion,
  type NatRecord,
  readSlots,
  removal,
  removalOfUnused,
  slotName,
} from "./records.ts";

const STANDBY_SETS: readonly string[] = Object.values(PORT_SETS.standby);

/** Which port of the host, whoever it leads to. */
export type HostPort = Pick<Published, "family" | "protocol" | "hostPort" | "hostAddress">;

/**
 * Removes what an attachment published; others' records stay, also under the same keys.
 * @param ports where to look; without them all records are looked through
 * @returns what was removed
 */
export async function unpublish(
  { nft }: Kernel,
  attachment: Attachment,
  ports: readonly HostPort[] | undefined,
): Promise<Published[]> {
  const { attachment: hash } = ownerOf(attachment);
  const isOurs = (owner: Owner): boolean => owner.attachment === hash;
  return nft.transaction(async (view) => {
    if (!ports)
      return decision(
        view,
        (await findRecords(view, ALL_PORT_SETS, hash)).filter((r) => r.owner && isOurs(r.owner)),
      );
    const found = await readSlots(view, ports.map(portSlot));
    // Few on most hosts; others' are looked at for a successor as well.
    const standbys = await findRecords(view, STANDBY_SETS);
    const gone = await withSides(view, [...found, ...standbys], isOurs);
    return decision(view, gone, standbys);
  });
}

/** Removes what attachments of a network published that are not in `valid` (attachment hashes). */
export async function unpublishStale(
  { nft }: Kernel,
  network: string,
  valid: ReadonlySet<string>,
): Promise<Published[]> {
  const hash = networkHash(network);
  return nft.transaction(async (view) => {
    const found = await findRecords(view, ALL_PORT_SETS, hash);
    return decision(
      view,
      found.filter(({ owner }) => owner?.network === hash && !valid.has(owner.attachment)),
    );
  });
}

/** A published port and whose it is. */
export interface PublishedRecord extends Published {
  /** Absent for an element that somebody made by hand. */
  readonly owner: Owner | undefined;
  /** Network, container and interface, cut to what a comment holds. */
  readonly label: string;
  /** First eight digits of the boot's number. */
  readonly boot: string | undefined;
}

/** All ports published in this namespace. */
export async function listPublished({ nft }: Kernel): Promise<PublishedRecord[]> {
  return (await findRecords(nft, PORT_MAPS)).flatMap((record) => {
    const published = publishedOf(record);
    return published ? [{ ...published, owner: record.owner, label: record.label, boot: record.boot }] : [];
  });
}

/** Removes published ports whoever holds them: for people who know that the holder is gone. */
export async function release({ nft }: Kernel, ports: readonly HostPort[]): Promise<Published[]> {
  return nft.transaction(async (view) => {
    const found = await readSlots(view, ports.map(portSlot));
    return decision(view, await withSides(view, found, () => true, true));
  });
}

/** Of the records found, those that may go, with what goes with each: guard, masquerading, privacy. */
async function withSides(
  view: NftView,
  found: readonly (NatRecord | undefined)[],
  mayGo: (owner: Owner) => boolean,
  evenUnowned = false,
): Promise<NatRecord[]> {
  const may = (record: NatRecord | undefined): record is NatRecord =>
    record !== undefined && (record.owner ? mayGo(record.owner) : evenUnowned);
  const ports = found.filter(may);
  const keys = new Set(ports.map(slotName));
  const slots = ports.flatMap((record) => {
    const published = STANDBY_SETS.includes(record.set) ? standbyOf(record) : publishedOf(record);
    return published ? slotsOf(published) : [];
  });
  const unread = slots.filter((slot) => !keys.has(slotName(slot)));
  const sides = (await readSlots(view, unread)).filter(may);
  for (const side of sides)
    if (!keys.has(slotName(side))) {
      keys.add(slotName(side));
      ports.push(side);
    }
  return ports;
}

/** @param standbys all that stand by, where they were read already */
async function decision(
  view: NftView,
  gone: readonly NatRecord[],
  standbys?: readonly NatRecord[],
): Promise<{ changes: NftChange[]; result: Published[] }> {
  const result = gone.filter(({ set }) => PORT_MAPS.includes(set)).flatMap((record) => publishedOf(record) ?? []);
  if (gone.length === 0) return { changes: [], result };
  const successors =
    result.length === 0 ? [] : standbysFor(result, gone, standbys ?? (await findRecords(view, STANDBY_SETS)));
  const changes = [
    ...removal([...gone, ...successors]),
    ...insertion(successors.flatMap((record) => promoted(record))),
    ...(await removalOfUnused(view, gone)),
  ];
  return { changes, result };
}

/** Records that stood by for ports that go now; one for each port. */
function standbysFor(
  ports: readonly Published[],
  gone: readonly NatRecord[],
  standbys: readonly NatRecord[],
): NatRecord[] {
  const going = new Set(gone.map(slotName));
  const freed = portIndex(ports);
  const taken = portIndex();
  const chosen: NatRecord[] = [];
  for (const record of standbys) {
    const port = standbyOf(record);
    if (!port || going.has(slotName(record)) || !freed.hasConflict(port) || taken.hasConflict(port)) continue;
    taken.add(port);
    chosen.push(record);
  }
  return chosen;
}

function promoted(record: NatRecord): Entry[] {
  const port = standbyOf(record);
  return port && record.element.userdata ? [portEntry(port, record.element.userdata)] : [];
}
