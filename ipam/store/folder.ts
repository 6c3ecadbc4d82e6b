import type { Ip } from "../../src/ip/index.ts";
import { type Files, isErrno, listIfThere, readIfThere } from "./files.ts";
import { addressOfName, type Layout, leasePath } from "./layout.ts";
import { ownerKey } from "./owner.ts";

/** A lease as found on disk. */
export interface FoundLease {
  readonly ip: Ip;
  /** Content without surrounding white space; `undefined` when the file cannot be read as a lease. */
  readonly key: string | undefined;
}

/** Content of a lease is two short lines; anything longer is not one. */
const MAX_LEASE_BYTES = 4096;

/** `undefined` when the address is free: no file, or an empty one, which nobody finished. */
export function readLease(files: Files, layout: Layout, ip: Ip): FoundLease | undefined {
  try {
    const content = readIfThere(files, leasePath(layout, ip), MAX_LEASE_BYTES);
    if (content === undefined || content === "") return undefined;
    return { ip, key: ownerKey(content) };
  } catch (error) {
    // Too long, or no regular file: somebody's, and not to be had. What cannot be read just now could be anybody's.
    if (isErrno(error, "EFBIG", "EINVAL", "EISDIR", "ELOOP")) return { ip, key: undefined };
    throw error;
  }
}

/** Every lease of the network: one read per file, as the reference does it at each call. */
export function readFolder(files: Files, layout: Layout): FoundLease[] {
  const found: FoundLease[] = [];
  for (const name of listIfThere(files, layout.leases)) {
    const ip = addressOfName(name);
    const lease = ip === undefined ? undefined : readLease(files, layout, ip);
    if (lease !== undefined) found.push(lease);
  }
  return found;
}
