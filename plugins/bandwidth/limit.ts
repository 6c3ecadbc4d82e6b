import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import type { FilterSpec } from "../../src/kernel/tc.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import {
  ethertypeOf,
  htbClass,
  htbQdisc,
  matchPrefix,
  type QdiscKind,
  tbfOptions,
} from "../../src/netlink/tc/index.ts";
import type { Transaction } from "../../src/plugin/steps.ts";
import type { Rate, Subnets } from "./config.ts";

/** A limit on what leaves a link. */
export interface Limit extends Rate {
  /** Absent: on all of it. */
  readonly subnets: Subnets | undefined;
  /** Where the other side's address stands in packets that leave this link. */
  readonly other: "src" | "dst";
}

/** The longest a packet waits, as in the reference. */
const LATENCY_MS = 25;

/** The root, numbered as the reference's. */
const ROOT = { handle: "1:", number: 0x1_0000 } as const;
/** Of a tree: its one class, and the token bucket in that. */
export const SHAPED = { handle: "1:30", number: 0x1_0030, minor: 0x30 } as const;
const BUCKET = "2:";

/**
 * The class must not be what limits: 8.8 Tbit/s, and the largest quantum that the kernel takes without a remark. As many
 * packets wait beside the class as in a link's queue by default.
 */
export const UNLIMITED = { rateBytesPerSec: 2 ** 40, burstBytes: 2 ** 31 - 1, quantumBytes: 200_000 };
const DIRECT_PACKETS = 1000;

/**
 * Limits what leaves a link: by a token bucket as its root, or, where subnets are told apart, in the one class of a tree
 * which lets everything else pass beside it (tc-htb(8), class 0).
 */
export async function addLimit(tx: Transaction, kernel: Kernel, link: Link, limit: Limit, what: string): Promise<void> {
  const { subnets } = limit;
  await tx.step(
    `limit ${what}`,
    () => putRoot(kernel, link, subnets ? treeOf(subnets) : bucketOf(limit)),
    () => removeLimit(kernel, link.index),
  );
  // What follows goes with the root.
  if (subnets)
    await tx.step(`tell apart ${what}`, async () => {
      const place = { link: link.index, parent: SHAPED.handle, handle: BUCKET };
      await kernel.tc.addClass({
        link: link.index,
        parent: ROOT.handle,
        handle: SHAPED.handle,
        kind: "htb",
        data: htbClass(UNLIMITED),
      });
      await kernel.tc.addQdisc({ ...place, ...bucketOf(limit) });
      for (const filter of filtersOf(limit, subnets)) await kernel.tc.addFilter({ ...filter, link: link.index });
    });
}

export const bucketOf = ({ rateBytesPerSec, burstBytes }: Rate) =>
  ({ kind: "tbf", data: tbfOptions({ rateBytesPerSec, burstBytes, latencyMs: LATENCY_MS }) }) as const;

const treeOf = ({ are }: Subnets) =>
  ({
    kind: "htb",
    data: { ...htbQdisc(defaultClassOf(are)), directQlen: DIRECT_PACKETS },
  }) as const;

/** The class of what no filter knows; 0 passes beside all classes. */
export const defaultClassOf = (are: Subnets["are"]): number => (are === "exempt" ? SHAPED.minor : 0);

/** One for each subnet. A priority holds one protocol. */
export const filtersOf = ({ other }: Limit, { are, list }: Subnets) =>
  list.map(
    (subnet) =>
      ({
        parent: ROOT.handle,
        priority: subnet.ip.family,
        protocol: ethertypeOf(subnet.ip.family),
        kind: "u32",
        data: matchPrefix(other, subnet, are === "exempt" ? ROOT.number : SHAPED.number),
      }) satisfies Omit<FilterSpec, "link">,
  );

/** A limit that stands there already is of an earlier ADD of the same attachment, and makes way. */
async function putRoot(kernel: Kernel, link: Link, root: QdiscKind): Promise<void> {
  const spec = { ...root, link: link.index, handle: ROOT.handle };
  try {
    await kernel.tc.addQdisc(spec);
  } catch (error) {
    if (!isNetlinkError(error, "EEXIST")) throw error;
    const there = await kernel.tc.getQdisc({ link: link.index });
    if (there && !isLimit(there))
      throw new CniError(
        CNI_CODE.OPERATION_FAILED,
        `"${link.name}" has a root qdisc ${there.kind} ${there.handle} already, which bandwidth did not make`,
        `tc qdisc del dev ${link.name} root, if nobody needs it`,
        { cause: error },
      );
    await removeLimit(kernel, link.index);
    await kernel.tc.addQdisc(spec);
  }
}

/** Ours and the reference's are of these kinds and this handle. */
const isLimit = ({ kind, handle }: { kind: string; handle: string }): boolean =>
  handle === ROOT.handle && (kind === "tbf" || kind === "htb");

/** Takes back a limit, if there is one. */
export async function removeLimit(kernel: Kernel, link: number): Promise<void> {
  const there = await kernel.tc.getQdisc({ link }).catch(ignoreGone);
  if (there && isLimit(there)) await kernel.tc.delQdisc({ link }).catch(ignoreGone);
}

/** ENODEV: the link is gone; the others: the qdisc or filter is. */
export function ignoreGone(error: unknown): undefined {
  if (isNetlinkError(error, "ENODEV", "ENOENT", "EINVAL")) return undefined;
  throw error;
}
