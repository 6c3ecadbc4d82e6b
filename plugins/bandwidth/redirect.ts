import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import type { Filter, FilterSpec } from "../../src/kernel/tc.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import { redirectAll, TCA_EGRESS } from "../../src/netlink/tc/index.ts";
import type { Transaction } from "../../src/plugin/steps.ts";
import { ignoreGone } from "./limit.ts";

/** First of all filters, as the reference's. */
const PRIORITY = 1;

/** Where filters for arriving packets hang: in an ingress qdisc, or in the half of a clsact qdisc that is for them. */
const PARENT = { ingress: "ffff:", clsact: "ffff:fff2" } as const;
type Holder = keyof typeof PARENT;

/** The qdisc that holds such filters, whoever made it. */
async function holderOf(kernel: Kernel, link: number): Promise<Holder | undefined> {
  const kind = (await kernel.tc.getQdisc({ link, parent: "ingress" }).catch(ignoreGone))?.kind;
  return kind === "ingress" || kind === "clsact" ? kind : undefined;
}

/** Where a filter sends what it matches: 0 when that link is gone, `undefined` when it sends nothing anywhere. */
function targetOf({ attrs }: Filter): number | undefined {
  if (attrs.kind !== "u32") return undefined;
  for (const action of attrs.data?.actions ?? [])
    if (action.kind === "mirred" && action.data?.parms?.eaction === TCA_EGRESS.REDIR) return action.data.parms.ifindex;
  return undefined;
}

const redirects = async (kernel: Kernel, link: number, holder: Holder): Promise<Filter[]> =>
  (await kernel.tc.listFilters(link, PARENT[holder])).filter((filter) => targetOf(filter) !== undefined);

/** The links to which what arrives at a link is redirected. */
export async function redirectTargets(kernel: Kernel, link: number): Promise<number[]> {
  const holder = await holderOf(kernel, link);
  if (!holder) return [];
  return (await redirects(kernel, link, holder)).map((filter) => targetOf(filter) ?? 0);
}

/**
 * Filters of others that packets meet before they are redirected to `target`. Of the first priority, which ours has, those with a
 * smaller number in the same table.
 */
export async function filtersBefore(kernel: Kernel, link: number, target: number): Promise<Filter[]> {
  const holder = await holderOf(kernel, link);
  if (!holder) return [];
  const all = (await kernel.tc.listFilters(link, PARENT[holder])).filter(isInUse);
  const ours = all.find((filter) => targetOf(filter) === target);
  return all.filter(
    (filter) =>
      ours &&
      (filter.priority < ours.priority ||
        (filter.priority === ours.priority && tableOf(filter) === tableOf(ours) && filter.handle < ours.handle)),
  );
}

/** Compared with packets as they come: no table of a u32 filter, no filter of a chain that is only jumped to. */
export const isInUse = ({ kind, handle, attrs }: Filter): boolean =>
  (attrs.chain ?? 0) === 0 && handle !== 0 && (kind !== "u32" || (handle & U32_NODE) !== 0);

/** A u32 filter's handle: 12 bits table, 8 bits bucket, 12 bits node (TC_U32_HTID, TC_U32_NODE of linux/pkt_cls.h). */
const U32_NODE = 0xfff;
const tableOf = ({ handle }: Filter): number => handle >>> 20;

/**
 * Sends all that arrives at a link out of the IFB, from which it comes back to where it was. The qdisc and its filter go in one
 * message, so that a kill leaves none without the other.
 */
export async function addRedirect(tx: Transaction, kernel: Kernel, link: Link, ifb: Link): Promise<void> {
  const { tc } = kernel;
  const qdisc = { link: link.index, kind: "ingress" } as const;
  const filter = (holder: Holder): FilterSpec => {
    const place = { link: link.index, parent: PARENT[holder], priority: PRIORITY };
    return { ...place, kind: "u32", data: redirectAll(ifb.index) };
  };
  const hold = () => kernel.attempt(tc.addingQdisc(qdisc), tc.addingFilter(filter("ingress")));
  await tx.step(
    "redirect what arrives",
    async () => {
      let [refused, failed] = await hold();
      if (isNetlinkError(refused, "EEXIST")) {
        // Of an earlier ADD, whose IFB is gone by now, or somebody else's, who keeps it.
        await removeRedirect(kernel, link.index, [0, ifb.index]);
        const holder = await holderOf(kernel, link.index);
        if (holder) return await tc.addFilter(filter(holder));
        [refused, failed] = await hold();
      }
      const error = refused ?? failed;
      if (error) throw error;
    },
    () => removeRedirect(kernel, link.index, [0, ifb.index]),
  );
}

/** Takes back the redirection to one of these links, and the qdisc if it holds nothing else. */
export async function removeRedirect(kernel: Kernel, link: number, targets: readonly number[]): Promise<void> {
  const holder = await holderOf(kernel, link);
  if (!holder) return;
  const all = await kernel.tc.listFilters(link, PARENT[holder]);
  const isOurs = (filter: Filter): boolean => targets.includes(targetOf(filter) ?? -1);
  const ours = all.filter(isOurs);
  const priorities = new Set(ours.map(({ priority }) => priority));
  if (holder === "ingress" && all.every(({ priority }) => priorities.has(priority)))
    return void (await kernel.tc.delQdisc({ link, parent: "ingress" }).catch(ignoreGone));
  for (const { priority, protocol } of ours)
    await kernel.tc.delFilters({ link, parent: PARENT[holder], priority, protocol }).catch(ignoreGone);
}
