import { isSystemError } from "../../../native/load.ts";
import type { Addr } from "../../kernel/addr.ts";
import type { Fdb } from "../../kernel/fdb.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { BridgeVlan, Link, LinkName } from "../../kernel/link.ts";
import type { Neigh } from "../../kernel/neigh.ts";
import type { Ruleset } from "../../kernel/nft-ruleset.ts";
import type { Route } from "../../kernel/route.ts";
import type { Rule } from "../../kernel/rule.ts";
import type { InetSocket } from "../../kernel/sockets.ts";
import type { Filter, Qdisc, TrafficClass } from "../../kernel/tc.ts";
import { isNetlinkError } from "../../netlink/socket/index.ts";
import { DecodeError } from "../../netlink/wire/index.ts";
import type { Surroundings } from "../surroundings.ts";
import { cut, type Namespace, type Remark } from "./model.ts";
import { CannotOpen, openNamespace } from "./open.ts";
import { readOne, readSysctls } from "./sysctls.ts";

export interface TrafficControl {
  readonly qdiscs: readonly Qdisc[];
  readonly classes: readonly TrafficClass[];
  readonly filters: readonly Filter[];
}

/** How full the table of tracked connections is; both numbers are the namespace's own. */
export interface ConntrackUsage {
  readonly count: number;
  readonly max: number;
}

/** Every part of a namespace that can be looked at. */
export interface Parts {
  /** Of hardware and every kind, with settings; `ip -d link`. */
  links: readonly Link[];
  /** Only their names, cheaply: for lists of many namespaces. */
  linkNames: readonly LinkName[];
  addrs: readonly Addr[];
  /** Of all tables, both families. */
  routes: readonly Route[];
  rules: readonly Rule[];
  neighs: readonly Neigh[];
  fdb: readonly Fdb[];
  /** By index of the port or bridge. */
  bridgeVlans: ReadonlyMap<number, readonly BridgeVlan[]>;
  nft: Ruleset;
  tc: TrafficControl;
  /** By path below /proc/sys, those that decide whether packets pass. */
  sysctls: ReadonlyMap<string, string>;
  /** All of TCP, UDP, SCTP and raw, listening and connected. */
  sockets: readonly InetSocket[];
  /** `undefined` without connection tracking. */
  conntrack: ConntrackUsage | undefined;
  /** Tables of legacy iptables; only of this process's own namespace can it be told. */
  legacyTables: readonly string[];
}

export type Part = keyof Parts;

/** One namespace as it was read. A part that could not be read is absent, and a remark says why. */
export interface Snapshot extends Partial<Readonly<Parts>> {
  readonly namespace: Namespace;
  readonly remarks: readonly Remark[];
}

const READERS: { readonly [P in Part]: (kernel: Kernel) => Promise<Parts[P]> } = {
  links: (kernel) => kernel.link.list(),
  linkNames: (kernel) => kernel.link.names(),
  addrs: (kernel) => kernel.addr.list(),
  routes: (kernel) => kernel.route.list({ table: "all" }),
  rules: (kernel) => kernel.rule.list(),
  neighs: (kernel) => kernel.neigh.list(),
  fdb: (kernel) => kernel.fdb.list(),
  bridgeVlans: (kernel) => kernel.link.allBridgeVlans(),
  nft: (kernel) => kernel.nft.ruleset(),
  tc: readTc,
  sysctls: async (kernel) =>
    readSysctls(
      kernel,
      (await kernel.link.names()).map((link) => link.name),
    ),
  sockets: (kernel) => kernel.sockets.list(),
  conntrack: readConntrack,
  legacyTables: (kernel) => kernel.nft.legacyTables(),
};

export const ALL_PARTS = (Object.keys(READERS) as Part[]).filter((part) => part !== "linkNames");

/**
 * Reads parts of one namespace. Never throws for what the namespace is or does: one that is gone, or ends meanwhile, or
 * refuses, gives remarks and what was read until then.
 */
export async function readNamespace<const P extends Part>(
  s: Pick<Surroundings, "native">,
  namespace: Namespace,
  parts: readonly P[],
): Promise<Snapshot> {
  let kernel: Kernel;
  try {
    kernel = await openNamespace(s, namespace);
  } catch (error) {
    if (!(error instanceof CannotOpen) && !isSystemError(error)) throw error;
    return { namespace, remarks: [{ about: "namespace", text: `cannot be opened: ${cut(error.message)}` }] };
  }
  try {
    return await readParts(kernel, namespace, parts);
  } finally {
    await kernel[Symbol.asyncDispose]();
  }
}

/** The same through a kernel that is open already. */
export async function readParts(kernel: Kernel, namespace: Namespace, parts: readonly Part[]): Promise<Snapshot> {
  const remarks: Remark[] = [];
  const found: Partial<Record<Part, unknown>> = {};
  for (const part of parts) {
    try {
      found[part] = await READERS[part](kernel);
    } catch (error) {
      if (!isSystemError(error) && !isNetlinkError(error) && !(error instanceof DecodeError)) throw error;
      remarks.push({ about: part === "linkNames" ? "links" : part, text: `cannot be read: ${cut(error.message)}` });
    }
  }
  const { nft } = found as Partial<Parts>;
  if (nft?.torn)
    remarks.push({ about: "nft", text: "the rule set changed each time it was read: its parts may not fit" });
  return { ...(found as Partial<Parts>), namespace, remarks };
}

async function readTc(kernel: Kernel): Promise<TrafficControl> {
  const qdiscs = await kernel.tc.listQdiscs();
  const classes: TrafficClass[] = [];
  const filters: Filter[] = [];
  // Classes and filters are listed link by link; links that have only the kernel's own queue have none.
  const links = new Map<number, Set<string>>();
  for (const { link, kind, handle } of qdiscs) {
    if (kind === "noqueue") continue;
    const parents = links.get(link) ?? new Set(["root"]);
    if (kind === "clsact") parents.add("ffff:fff2").add("ffff:fff3");
    else if (kind === "ingress") parents.add("ffff:");
    else if (handle !== "0:") parents.add(handle);
    links.set(link, parents);
  }
  for (const [link, parents] of links) {
    classes.push(...(await kernel.tc.listClasses(link)));
    for (const parent of parents) {
      try {
        filters.push(...(await kernel.tc.listFilters(link, parent)));
      } catch (error) {
        // A qdisc that takes no filters.
        if (!isNetlinkError(error, "EOPNOTSUPP", "EINVAL", "ENOENT")) throw error;
      }
    }
  }
  return { qdiscs, classes, filters };
}

async function readConntrack(kernel: Kernel): Promise<ConntrackUsage | undefined> {
  const count = Number(await readOne(kernel, "net/netfilter/nf_conntrack_count"));
  const max = Number(await readOne(kernel, "net/netfilter/nf_conntrack_max"));
  return Number.isInteger(count) && Number.isInteger(max) ? { count, max } : undefined;
}
