import { type CachedAttachment, listAttachments } from "../cni/runtime/cache.ts";
import { DEFAULT_CACHE_DIR } from "../cni/runtime/host.ts";
import { absolutePath } from "./paths.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Where tsbox keeps what CNI keeps for other runtimes, TSBOX_DATA in place of `/var/lib/tsbox` (src/tsbox/store/places.ts): a cache as
 * libcni's, and leases as host-local's.
 */
const tsboxData = ({ env }: Pick<Surroundings, "env">): string => {
  const data = env["TSBOX_DATA"];
  return data?.startsWith("/") ? data.replace(/\/+$/, "") : "/var/lib/tsbox";
};

export const tsboxLeases = (s: Pick<Surroundings, "env">): string => `${tsboxData(s)}/leases`;

/** The caches of all runtimes, or the one that the command line names. */
export const cacheFolders = (s: Surroundings, { cacheDir }: { readonly cacheDir?: string | undefined }): string[] =>
  cacheDir === undefined ? [DEFAULT_CACHE_DIR, `${tsboxData(s)}/cni`] : [absolutePath(s, cacheDir)];

/** An attachment, and the cache that it is in. */
export interface Remembered extends CachedAttachment {
  readonly cacheDir: string;
}

export const rememberedIn = (s: Surroundings, folders: readonly string[]): Remembered[] =>
  folders.flatMap((cacheDir) => listAttachments(s.native, cacheDir).map((attachment) => ({ ...attachment, cacheDir })));
