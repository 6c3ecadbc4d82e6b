import { isSystemError } from "../../../native/load.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Link } from "../../kernel/link.ts";
import { isNetlinkError } from "../../netlink/socket/index.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Namespace } from "./model.ts";
import { CannotOpen, openNamespace } from "./open.ts";
import { type Part, readParts, type Snapshot } from "./snapshot.ts";

/** Where the other end of a link is: a veth's peer, the lower link of a macvlan, vlan or vxlan. */
export interface Peer {
  /** `undefined`: in a namespace that was not found. */
  readonly namespace: Namespace | undefined;
  readonly index: number;
  /** Its name, when that namespace was read. */
  readonly name: string | undefined;
}

/** Several namespaces read together, so that links lead from one to the other. */
export interface Look {
  /** In the order they were asked for. */
  readonly snapshots: readonly Snapshot[];
  /** The other end of a link of one of the snapshots; `undefined` when the link has none. */
  peerOf(identity: string, link: Link): Peer | undefined;
}

/** Namespaces whose numbers are asked for in one go; each takes a descriptor meanwhile. */
const AT_ONCE = 100;

/**
 * Reads parts of several namespaces, links among them, and finds out which namespace each link's other end is in. The kernel
 * names it by a number of the link's own namespace, and only tells the number of a given namespace, so all are asked about: first
 * those that know the asking one themselves, which makes the usual star (all pairs end on the host) linear.
 * @param namespaces all that may hold an other end
 * @param wanted those to be read; all when absent
 * @param options `peers: false` spares the questions when nobody asks where links lead
 */
export async function lookAt(
  s: Pick<Surroundings, "native">,
  namespaces: readonly Namespace[],
  parts: readonly Part[],
  wanted: readonly Namespace[] = namespaces,
  options: { readonly peers?: boolean } = {},
): Promise<Look> {
  const asked: readonly Part[] = parts.includes("links") || options.peers === false ? parts : ["links", ...parts];
  const snapshots: Snapshot[] = [];
  /** identity → number in that namespace → identity of the other. */
  const numbers = new Map<string, Map<number, string>>();
  /** Who gave a number to the key. */
  const knownBy = new Map<string, Namespace[]>();
  const byIdentity = new Map(namespaces.map((ns) => [ns.identity, ns]));

  for (const ns of wanted) {
    let kernel: Kernel | undefined;
    try {
      kernel = await openNamespace(s, ns);
      const snapshot = await readParts(kernel, ns, asked);
      const open = openNumbers(snapshot.links ?? []);
      const found = new Map<number, string>();
      numbers.set(ns.identity, found);
      if (open.size > 0 && options.peers !== false) await resolve(s, kernel, ns, { open, found, knownBy, namespaces });
      for (const identity of found.values()) {
        const list = knownBy.get(identity) ?? [];
        list.push(ns);
        knownBy.set(identity, list);
      }
      snapshots.push(snapshot);
    } catch (error) {
      if (!(error instanceof CannotOpen) && !isSystemError(error)) throw error;
      snapshots.push({ namespace: ns, remarks: [{ about: "namespace", text: `cannot be opened: ${error.message}` }] });
    } finally {
      await kernel?.[Symbol.asyncDispose]();
    }
  }

  const names = new Map<string, Map<number, string>>();
  for (const { namespace, links } of snapshots)
    names.set(namespace.identity, new Map((links ?? []).map((link) => [link.index, link.name])));

  return {
    snapshots,
    peerOf(identity, link) {
      const index = link.peerIndex;
      if (index === undefined || index === 0) return undefined;
      const there = link.peerNetnsId === undefined ? identity : numbers.get(identity)?.get(link.peerNetnsId);
      return {
        namespace: there === undefined ? undefined : byIdentity.get(there),
        index,
        name: there === undefined ? undefined : names.get(there)?.get(index),
      };
    },
  };
}

const openNumbers = (links: readonly Link[]): Set<number> =>
  new Set(links.map((link) => link.peerNetnsId).filter((id) => id !== undefined && id >= 0) as number[]);

interface Search {
  /** Numbers without a namespace yet; taken out as they are found. */
  readonly open: Set<number>;
  readonly found: Map<number, string>;
  readonly knownBy: ReadonlyMap<string, readonly Namespace[]>;
  readonly namespaces: readonly Namespace[];
}

async function resolve(
  s: Pick<Surroundings, "native">,
  kernel: Kernel,
  ns: Namespace,
  { open, found, knownBy, namespaces }: Search,
): Promise<void> {
  const order = candidates(ns, knownBy.get(ns.identity) ?? [], namespaces);
  // Small steps first: mostly the very first candidate is it.
  for (let step = 4; open.size > 0; step = Math.min(step * 4, AT_ONCE)) {
    const part = order.take(step);
    if (part.length === 0) return;
    const fds = part.map((candidate) => openFd(s, candidate));
    try {
      const there = fds.filter((fd) => fd !== undefined);
      const ids = await kernel.netnsIds(there);
      let i = 0;
      for (const [n, fd] of fds.entries()) {
        if (fd === undefined) continue;
        const id = ids[i++];
        const candidate = part[n];
        if (id === undefined || candidate === undefined) continue;
        if (open.delete(id)) found.set(id, candidate.identity);
      }
    } catch (error) {
      if (!isNetlinkError(error) && !isSystemError(error)) throw error;
      return;
    } finally {
      for (const fd of fds) if (fd !== undefined) s.native.closeFd(fd);
    }
  }
}

/** Others than the asking one, each once and no sooner than it is asked about: those that know it, then all. */
function candidates(
  { identity }: Namespace,
  first: readonly Namespace[],
  namespaces: readonly Namespace[],
): { take(count: number): Namespace[] } {
  const seen = new Set([identity]);
  let at = 0;
  return {
    take(count) {
      const part: Namespace[] = [];
      while (part.length < count && at < first.length + namespaces.length) {
        const candidate = first[at] ?? namespaces[at - first.length];
        at++;
        if (!candidate || seen.has(candidate.identity)) continue;
        seen.add(candidate.identity);
        part.push(candidate);
      }
      return part;
    },
  };
}

/** A descriptor of a namespace by any handle that still leads to it. */
function openFd({ native }: Pick<Surroundings, "native">, ns: Namespace): number | undefined {
  for (const { path } of ns.own ? [{ path: "/proc/self/ns/net" }] : ns.handles) {
    let fd: number;
    try {
      fd = native.netnsOpen(path);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      continue;
    }
    if (native.netnsIdentity(fd) === ns.identity) return fd;
    native.closeFd(fd);
  }
  return undefined;
}
