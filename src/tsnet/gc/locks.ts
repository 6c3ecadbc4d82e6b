import { isSystemError } from "../../../native/load.ts";
import type { Host } from "../look/index.ts";
import type { Surroundings } from "../surroundings.ts";

/** Where src/kernel/nft.ts and src/plugin/overlay/lock.ts have a lock for each namespace they work in. */
const FOLDER = "/run/tsnet";
const MAX_LOCKS = 1_000_000;

/** Names end in `<device>-<inode>` of the namespace, and for an overlay a hash of its network. */
const LOCK = /^(?:nft|overlay)-(\d+)-(\d+)(?:-[0-9a-f]+)?\.lock$/;

/**
 * Removes the empty lock files of namespaces that are gone, which nobody else does before the next boot. Each is removed by
 * somebody who holds its lock: whoever waits for it meanwhile, as in a new namespace with the number of an old one, then locks the
 * next file of its name (native/core/lock.c).
 */
export function removeOldLocks({ native }: Pick<Surroundings, "native">, host: Host): number {
  const there = new Set(host.namespaces.map(({ identity }) => identity));
  let removed = 0;
  for (const name of namesIn(native)) {
    const [, dev, inode] = LOCK.exec(name) ?? [];
    if (dev === undefined || there.has(`${dev}:${inode}`)) continue;
    const path = `${FOLDER}/${name}`;
    try {
      const fd = native.lockFile(path, 0);
      try {
        native.removeFile(path);
        removed++;
      } finally {
        native.closeFd(fd);
      }
    } catch (error) {
      // Somebody works there after all, or has been quicker.
      if (!isSystemError(error)) throw error;
    }
  }
  return removed;
}

function namesIn(native: Surroundings["native"]): string[] {
  try {
    return native.listDir(FOLDER, MAX_LOCKS);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return [];
  }
}
