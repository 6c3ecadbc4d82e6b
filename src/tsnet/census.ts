import { isSystemError } from "../../native/load.ts";
import type { CachedAttachment } from "../cni/runtime/cache.ts";
import { type Remembered, rememberedIn } from "./caches.ts";
import { findNamespaces, type Host, readNamespace } from "./look/index.ts";
import type { Surroundings } from "./surroundings.ts";

/** Who is there, for words that free what nobody holds: whatever cannot be told for sure counts as there. */
export interface Census {
  /** What runtimes remember. */
  readonly attachments: readonly Remembered[];
  /** Addresses on the links of all namespaces but the host's own. */
  readonly addresses: ReadonlySet<string>;
  /** IDs of containers that live in a namespace. */
  readonly containers: ReadonlySet<string>;
  readonly host: Host;
  /** Why it cannot be told who is there: namespaces or processes out of sight. */
  readonly blind: string | undefined;
  isStanding(attachment: Pick<CachedAttachment, "containerId" | "netns">): boolean;
}

/** @param caches folders of what runtimes remember */
export async function takeCensus(s: Surroundings, ...caches: readonly string[]): Promise<Census> {
  const host = findNamespaces(s.native);
  const addresses = new Set<string>();
  const containers = new Set<string>();
  let blind: string | undefined =
    process.geteuid?.() === 0 ? undefined : "this needs root: others' processes and namespaces cannot be seen";
  for (const ns of host.namespaces) {
    for (const { id } of ns.containers) containers.add(id);
    if (ns.host || ns.own) continue;
    const { addrs, remarks } = await readNamespace(s, ns, ["addrs"]);
    for (const { address } of addrs ?? []) addresses.add(address);
    // One that is gone holds nothing.
    const [remark] = remarks;
    if (addrs === undefined && remark && !remark.text.endsWith("it is gone")) blind ??= remark.text;
  }
  return {
    attachments: rememberedIn(s, caches),
    addresses,
    containers,
    host,
    blind,
    isStanding: ({ containerId, netns }) => containers.has(containerId) || leadsSomewhere(s, netns),
  };
}

/** Whether a path still leads to a namespace that is not this one. */
function leadsSomewhere({ native }: Surroundings, path: string): boolean {
  if (path === "") return false;
  try {
    const fd = native.netnsOpen(path);
    try {
      return native.netnsIdentity(fd) !== native.netnsIdentity(-1);
    } finally {
      native.closeFd(fd);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return error.code !== "ENOENT" && error.code !== "EINVAL" && error.code !== "ENOTDIR" && error.code !== "ESRCH";
  }
}
