import { getNsid, newNsid } from "../netlink/rtnl/netns-id.ts";
import { change, isNetlinkError, NLM_F, request } from "../netlink/socket/index.ts";
import type { KernelContext } from "./context.ts";
import { type NamespaceRef, withNetnsFd } from "./netns-fd.ts";

/** Answers wait in the socket's buffer until all are asked. */
const AT_ONCE = 200;

/** Asks for the numbers of several namespaces at once (RTM_GETNSID), by their descriptors. Changes nothing. */
export async function netnsIds(ctx: KernelContext, fds: readonly number[]): Promise<(number | undefined)[]> {
  const found: (number | undefined)[] = [];
  for (let at = 0; at < fds.length; at += AT_ONCE) {
    const asked = fds.slice(at, at + AT_ONCE);
    const outcomes = await ctx
      .route()
      .exchange(asked.map((fd) => request(getNsid, { attrs: { fd } }, NLM_F.REQUEST | NLM_F.ACK)));
    for (const { replies, error } of outcomes) {
      const [raw] = replies;
      const nsid = error || !raw ? -1 : (newNsid.decode(raw.bytes).attrs.nsid ?? -1);
      found.push(nsid < 0 ? undefined : nsid);
    }
  }
  return found;
}

/** The kernel chooses. */
const AUTOMATIC = -1;

/** Gives a namespace a number here, unless it has one: `ip netns set NAME auto`. */
export function ensureNetnsId(ctx: KernelContext, there: NamespaceRef): Promise<void> {
  return withNetnsFd(ctx, there, async (fd) => {
    if (fd === undefined) return;
    try {
      await ctx.route().commit(change(newNsid, { attrs: { nsid: AUTOMATIC, fd } }, 0));
    } catch (error) {
      if (!isNetlinkError(error, "EEXIST")) throw error;
    }
  });
}

/** The numbers of all namespaces that have one here: `ip netns list-id`. */
export async function knownNetnsIds(ctx: KernelContext): Promise<number[]> {
  const all = await ctx.route().dump(getNsid, {}, newNsid);
  return all.flatMap(({ attrs }) => (attrs.nsid === undefined || attrs.nsid < 0 ? [] : [attrs.nsid]));
}
