import { IFF, RTEXT_FILTER } from "../netlink/rtnl/link.const.ts";
import { delLink, type NewLinkInput, newLink } from "../netlink/rtnl/link.ts";
import { change, type Request } from "../netlink/socket/index.ts";
import type { LinkChanges } from "./link.ts";

type Header = NonNullable<NewLinkInput["header"]>;
type Attrs = NonNullable<NewLinkInput["attrs"]>;

/** Longer names are alternative ones (IFNAMSIZ, linux/if.h). */
const MAX_NAME = 15;

/** What finds a link: its index, or its name. */
export function selector(target: number | string): {
  header: { index?: number };
  attrs: { ifname?: string; altIfname?: string };
} {
  if (typeof target === "number") return { header: { index: target }, attrs: {} };
  return { header: {}, attrs: target.length > MAX_NAME ? { altIfname: target } : { ifname: target } };
}

/** How errors call it. */
export const describe = (target: number | string): string => (typeof target === "number" ? `#${target}` : target);

/** Leaves out the counters of IPv6 (a third of each answer; those of the link stay) and SR-IOV functions. */
export const EXT_MASK = RTEXT_FILTER.SKIP_STATS;

export function flagBits(changes: LinkChanges): Header {
  const { up, promisc, allmulticast, multicast, arp } = changes;
  let flags = 0;
  let mask = 0;
  const put = (bit: number, on: boolean | undefined): void => {
    if (on === undefined) return;
    mask |= bit;
    if (on) flags |= bit;
  };
  put(IFF.UP, up);
  put(IFF.PROMISC, promisc);
  put(IFF.ALLMULTI, allmulticast);
  put(IFF.MULTICAST, multicast);
  put(IFF.NOARP, arp === undefined ? undefined : !arp);
  return { flags, change: mask };
}

export function attrsOf(changes: LinkChanges): Attrs {
  return {
    mtu: changes.mtu,
    address: changes.address,
    master: changes.master,
    ifalias: changes.alias,
    txqlen: changes.txqlen,
    group: changes.group,
  };
}

/** A change of an existing link. With an index, `changes.name` renames it. */
export function changeRequest(
  target: number | string,
  changes: LinkChanges,
  extra: { netNsFd?: number | undefined } = {},
): Request {
  const { header, attrs } = selector(target);
  if (typeof target === "string" && changes.name !== undefined)
    throw new TypeError(`"${target}" can be renamed only by its index`);
  return change(
    newLink,
    {
      header: { ...header, ...flagBits(changes) },
      attrs: {
        ...attrs,
        ...(changes.name === undefined ? {} : { ifname: changes.name }),
        ...attrsOf(changes),
        ...extra,
      },
    },
    0,
    describe(target),
  );
}

/** @param targetNetnsId number of the namespace it is in, when that is another */
export function deletion(target: number | string, targetNetnsId?: number): Request {
  const { header, attrs } = selector(target);
  return change(delLink, { header, attrs: { ...attrs, targetNetnsId } }, 0, describe(target));
}
