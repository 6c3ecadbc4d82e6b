import { attempt, type LookNative } from "../files.ts";
import type { Container, Namespace } from "../model.ts";
import { namespaceNumber } from "../processes.ts";
import { containerOfProcess } from "./cgroup.ts";
import { complete } from "./container.ts";

/** How many processes of a namespace are asked for their control group. */
const ASKED = 8;

/**
 * Gives each namespace its containers: by the first process, by the path that the runtime names, else by the control groups of
 * what runs in it. The host's own namespace has none, or every container of `--network host` would own it.
 */
export function assignContainers(
  native: LookNative,
  namespaces: readonly Namespace[],
  containers: ReadonlyMap<string, Container>,
  { pidsOf }: { pidsOf(inode: number): readonly number[] },
): Namespace[] {
  const byPath = new Map<string, number>();
  const byPid = new Map<number, number>();
  for (const ns of namespaces) {
    for (const handle of ns.handles)
      if (handle.kind === "named" || handle.kind === "mounted") byPath.set(handle.text, ns.inode);
    for (const pid of pidsOf(ns.inode)) byPid.set(pid, ns.inode);
  }
  const of = new Map<number, Container[]>();
  for (const container of containers.values()) {
    const inode = inodeOf(native, container, byPath, byPid);
    if (inode === undefined) continue;
    const list = of.get(inode);
    if (list === undefined) of.set(inode, [container]);
    else list.push(container);
  }
  return namespaces.map((ns) => {
    if (ns.host) return ns;
    const known = of.get(ns.inode) ?? byCgroup(native, pidsOf(ns.inode), containers);
    return { ...ns, containers: known };
  });
}

function inodeOf(
  native: LookNative,
  { pid, netns }: Container,
  byPath: ReadonlyMap<string, number>,
  byPid: ReadonlyMap<number, number>,
): number | undefined {
  if (netns !== undefined) {
    const path = netns.replace(/^\/var\/run\//, "/run/");
    const inode = byPath.get(path) ?? byPath.get(netns);
    if (inode !== undefined) return inode;
    const process = /^\/proc\/(\d+)\/ns\/net$/.exec(netns)?.[1];
    // The process of a path may be another's by now, so the container's own is asked first.
    if (pid === undefined && process !== undefined) return namespaceNumber(attempt(() => native.readLink(netns)));
  }
  return pid === undefined ? undefined : byPid.get(pid);
}

function byCgroup(
  native: LookNative,
  pids: readonly number[],
  containers: ReadonlyMap<string, Container>,
): Container[] {
  const found = new Map<string, Container>();
  for (const pid of pids.slice(0, ASKED)) {
    const known = containerOfProcess(native, pid);
    if (known) found.set(known.id, containers.get(known.id) ?? complete(known));
  }
  return [...found.values()];
}
