import type { CniAttachment } from "../../src/cni/types.ts";
import { compareIp, type Ip, sameIp } from "../../src/ip/index.ts";
import { errnoOf, type Files } from "./files.ts";
import { leaseTextsOf, type Owner, parseOwner } from "./owner.ts";
import { hasRecord, sweepRecords } from "./records.ts";
import { type StoreContext, withLeases } from "./session.ts";

/** Frees what an attachment holds; nothing there is success. Only without a lease of the present form, the old one counts. */
export async function release(context: StoreContext, containerId: string, ifName: string): Promise<Ip[]> {
  if (context.files.stat(context.layout.leases, true) === undefined) return [];
  return await withLeases(context, (session) => {
    for (const key of leaseTextsOf(containerId, ifName)) {
      const ips = session.held(key);
      for (const ip of ips) session.drop(ip, key);
      if (ips.length > 0) return ips;
    }
    return [];
  });
}

/** The addresses an attachment holds. */
export async function heldBy(context: StoreContext, containerId: string, ifName: string): Promise<Ip[]> {
  if (context.files.stat(context.layout.leases, true) === undefined) return [];
  return await withLeases(context, (session) => leaseTextsOf(containerId, ifName).flatMap((key) => session.held(key)));
}

export interface GcOutcome {
  readonly freed: readonly Ip[];
  /** Files named like an address whose content is no lease: left alone. */
  readonly notLeases: readonly Ip[];
  readonly errors: readonly { readonly ip: Ip; readonly error: unknown }[];
}

/**
 * Frees every lease whose attachment is not listed. A lease of the old form, with the container only, stays as long as any
 * interface of that container is listed. Reads the whole folder, so it also mends an index that somebody misled.
 */
export async function collect(context: StoreContext, valid: readonly CniAttachment[]): Promise<GcOutcome> {
  const { files, layout } = context;
  if (files.stat(layout.leases, true) === undefined) return { freed: [], notLeases: [], errors: [] };
  const keep = new Set(valid.flatMap(({ containerID, ifname }) => leaseTextsOf(containerID, ifname)));
  return await withLeases(context, (session) => {
    const freed: Ip[] = [];
    const notLeases: Ip[] = [];
    const errors: { ip: Ip; error: unknown }[] = [];
    for (const { ip, key } of session.scan()) {
      if (key === undefined || parseOwner(key) === undefined) notLeases.push(ip);
      else if (!keep.has(key)) {
        try {
          session.drop(ip, key);
          freed.push(ip);
        } catch (error) {
          if (errnoOf(error) === undefined) throw error;
          errors.push({ ip, error });
        }
      }
    }
    sweepRecords(files, layout);
    return { freed, notLeases: notLeases.sort(compareIp), errors };
  });
}

export interface Lease {
  readonly ip: Ip;
  /** `undefined`: the file's content is no lease. */
  readonly owner: Owner | undefined;
  /** Made by us in this boot; others are the reference's, or of an unknown machine. */
  readonly recorded: boolean;
}

/** Every lease of a network, by address. For people: it reads all files. */
export async function listLeases(context: StoreContext): Promise<Lease[]> {
  const { files, layout } = context;
  if (files.stat(layout.leases, true) === undefined) return [];
  return await withLeases(context, (session) =>
    session
      .scan()
      .sort((a, b) => compareIp(a.ip, b.ip))
      .map(({ ip, key }) => ({
        ip,
        owner: key === undefined ? undefined : parseOwner(key),
        recorded: hasRecord(files, layout, session.identity, ip),
      })),
  );
}

/** Frees one address, whoever holds it: a person's decision. False when it was not leased. */
export async function releaseAddress(context: StoreContext, ip: Ip): Promise<boolean> {
  if (context.files.stat(context.layout.leases, true) === undefined) return false;
  return await withLeases(context, (session) => {
    const lease = session.scan().find((each) => sameIp(each.ip, ip));
    if (lease === undefined) return false;
    session.drop(ip, lease.key ?? "");
    return true;
  });
}

/** Networks that have a folder of leases. */
export function networksIn(files: Files, dataDir: string): string[] {
  const all = files.stat(dataDir, true) === undefined ? [] : files.listDir(dataDir, 1_000_000);
  return all.filter(
    (name) => /^[a-zA-Z0-9]/.test(name) && files.stat(`${dataDir}/${name}`, true)?.kind === "directory",
  );
}
