import { assignContainers } from "./containers/assign.ts";
import { listContainers } from "./containers/index.ts";
import { attempt, type LookNative, namesIn } from "./files.ts";
import type { Handle, Host, Namespace, Remark } from "./model.ts";
import { findMounts, NETNS_FOLDER } from "./mounts.ts";
import { describeProcesses, namespaceNumber, walkProcesses } from "./processes.ts";

export interface FindOptions {
  /** Put before the paths of runtimes' state; for tests. */
  readonly stateRoot?: string;
}

const RANK = { named: 0, mounted: 1, process: 2, thread: 3, descriptor: 4 } as const;

/**
 * Every network namespace that a file, a process, a thread or an open descriptor leads to, with its owners. Not found: those
 * held only by sockets, by other namespaces' links, from mount namespaces without a process, or by files that another mount covers.
 */
export function findNamespaces(native: LookNative, options: FindOptions = {}): Host {
  const remarks: Remark[] = [];
  const walk = walkProcesses(native, remarks);
  const mounts = findMounts(native, walk.mountNamespaces, remarks);
  const own = namespaceNumber(attempt(() => native.readLink("/proc/self/ns/net")));
  // Process 1 may be out of sight, as in some containers: then this process's namespace is the outermost that is known.
  const host = namespaceNumber(attempt(() => native.readLink("/proc/1/ns/net"))) ?? own;
  const dev = (attempt(() => native.netnsIdentity(-1)) ?? "0:0").split(":")[0];

  const byInode = new Map<number, Handle[]>();
  const put = (inode: number, handles: readonly Handle[]): void => {
    byInode.set(inode, [...(byInode.get(inode) ?? []), ...handles]);
  };
  for (const [inode, handles] of mounts.handles) put(inode, handles);
  for (const [inode, pids] of walk.inside)
    put(
      inode,
      pids.slice(0, 4).map((pid) => ({ kind: "process", text: `process ${pid}`, path: `/proc/${pid}/ns/net`, pid })),
    );
  for (const [inode, handles] of walk.holding) put(inode, handles);

  const namespaces = [...byInode].map(([inode, handles]): Namespace => {
    const pids = walk.inside.get(inode) ?? [];
    return {
      identity: `${dev}:${inode}`,
      inode,
      host: inode === host,
      own: inode === own,
      name: mounts.names.get(inode)?.sort()[0],
      handles: handles.sort((a, b) => RANK[a.kind] - RANK[b.kind]),
      // The host's own are not told: they are all that run outside containers.
      processes: inode === host ? [] : describeProcesses(native, pids),
      processCount: pids.length,
      containers: [],
    };
  });
  staleNames(native, mounts.names, remarks);
  const containers = listContainers(native, options.stateRoot ?? "", remarks);
  const assigned = assignContainers(native, namespaces, containers, {
    pidsOf: (inode) => walk.inside.get(inode) ?? [],
  });
  return { namespaces: assigned.sort(inOrder), remarks };
}

/** Files among the names of `ip netns` with nothing bound to them. */
function staleNames(native: LookNative, names: ReadonlyMap<number, readonly string[]>, remarks: Remark[]): void {
  const bound = new Set([...names.values()].flat());
  for (const name of namesIn(native, NETNS_FOLDER, remarks))
    if (!bound.has(name))
      remarks.push({
        about: `${NETNS_FOLDER}/${name}`,
        text: "leads to no namespace: left behind, or not to be seen from here",
      });
}

/** The host, what has a name, containers, the rest. */
function inOrder(a: Namespace, b: Namespace): number {
  const rank = (ns: Namespace): number =>
    ns.host ? 0 : ns.own ? 1 : ns.name !== undefined ? 2 : ns.containers.length > 0 ? 3 : 4;
  return rank(a) - rank(b) || compare(labelOf(a), labelOf(b)) || a.inode - b.inode;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Names that containerd, CRI-O and Podman make up: they say less than the container's. */
const GENERATED = /^(cni|netns)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a namespace is called in lists: by its name, its container, or what holds it. Hostile text. */
export function labelOf(ns: Namespace): string {
  if (ns.host) return "host";
  const [first] = ns.containers;
  if (ns.name !== undefined && !(first && GENERATED.test(ns.name))) return ns.name;
  if (first) return first.pod?.name ?? first.name ?? first.id.slice(0, 12);
  return ns.handles[0]?.text ?? String(ns.inode);
}
