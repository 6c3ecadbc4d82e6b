import { IFF } from "../netlink/rtnl/link.const.ts";
import { getLink, linkAnswer, newLink } from "../netlink/rtnl/link.ts";
import type { LinkKind } from "../netlink/rtnl/link-info.ts";
import { linkName } from "../netlink/rtnl/link-names.ts";
import { change, isNetlinkError, type Request } from "../netlink/socket/index.ts";
import { type BridgePortVerbs, bridgePortVerbs } from "./bridge-port.ts";
import type { KernelContext } from "./context.ts";
import { addLink } from "./link-add.ts";
import { changeRequest, deletion, describe, EXT_MASK, selector } from "./link-request.ts";
import { type Link, toLink } from "./link-value.ts";
import { type NamespaceRef, withNetnsFd } from "./netns-fd.ts";
import { addVeth, type VethSpec } from "./veth.ts";

export type { BridgePortChanges, BridgeVlan } from "./bridge-port.ts";
export type { Link } from "./link-value.ts";
export type { VethPeerSpec, VethSpec } from "./veth.ts";

/** What links of every kind take: `ip link set`. Absent leaves as is. */
export interface LinkChanges {
  /** `false` is down. */
  up?: boolean | undefined;
  mtu?: number | undefined;
  address?: string | undefined;
  /** Index of a bridge or vrf; 0 takes it out (`nomaster`). */
  master?: number | undefined;
  /** At most 254 bytes; empty removes it. */
  alias?: string | undefined;
  promisc?: boolean | undefined;
  allmulticast?: boolean | undefined;
  multicast?: boolean | undefined;
  arp?: boolean | undefined;
  /** Packets. */
  txqlen?: number | undefined;
  /** New name; kernels before 6.3 rename only links that are down (EBUSY). */
  name?: string | undefined;
  group?: number | undefined;
  /** Moves it there. Addresses and routes are lost, the index may change. */
  netns?: NamespaceRef | undefined;
}

/** A link to be made: `ip link add`. */
export interface LinkSpec extends Omit<LinkChanges, "name" | "alias"> {
  name: string;
  /** `{ kind: "vxlan", data: { vni: 7 } }` */
  info: LinkKind;
  /** Lower link of a macvlan, ipvlan or vlan. */
  link?: number | undefined;
  /** Wanted index; EBUSY when taken. */
  index?: number | undefined;
  numTxQueues?: number | undefined;
  numRxQueues?: number | undefined;
}

export interface LinkName {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly loopback: boolean;
}

export interface LinkVerbs extends BridgePortVerbs {
  /** By index or by (alternative) name; `undefined` when there is none. */
  get(target: number | string): Promise<Link | undefined>;
  /** All links, or those of a kind or with a master; of this namespace, or of one by its number here (`Kernel.knownNetnsIds`). */
  list(filter?: { kind?: string; master?: number; netnsId?: number }): Promise<Link[]>;
  /** Of all links only what a list of names needs: much cheaper. */
  names(): Promise<LinkName[]>;
  /** NetlinkError EEXIST when the name is taken, EOPNOTSUPP when the kernel lacks the kind. */
  add(spec: LinkSpec): Promise<Link>;
  /** A veth pair in one message; see `VethSpec`. The link is this namespace's end. */
  addVeth(spec: VethSpec): Promise<Link>;
  /** NetlinkError ENODEV when there is no such link. */
  set(target: number | string, changes: LinkChanges): Promise<void>;
  /** Changes settings of the link's own kind, e.g. a bridge's VLAN filtering. */
  setKind(target: number | string, info: LinkKind): Promise<void>;
  /** The request that `set` sends, for `Kernel.commit`. No `netns`. */
  setting(index: number, changes: Omit<LinkChanges, "netns">): Request;
  /** NetlinkError ENODEV when there is no such link. Takes 20 ms and more: the kernel waits for its readers. */
  del(target: number | string, where?: { netnsId?: number }): Promise<void>;
  /** Waits until the link's operational state is up (`unknown` counts when it is running). `false` after `timeoutMs`. */
  waitUp(target: number | string, options: { timeoutMs: number }): Promise<boolean>;
}

export function linkVerbs(ctx: KernelContext): LinkVerbs {
  async function get(target: number | string): Promise<Link | undefined> {
    const { header, attrs } = selector(target);
    const ask = { header, attrs: { ...attrs, extMask: EXT_MASK } };
    try {
      return toLink(await ctx.route().get(getLink, ask, linkAnswer, describe(target)));
    } catch (error) {
      if (isNetlinkError(error, "ENODEV")) return undefined;
      throw error;
    }
  }

  async function set(target: number | string, changes: LinkChanges): Promise<void> {
    const { netns, ...rest } = changes;
    // The name in a request finds the link or renames it, never both.
    const index = typeof target === "string" && rest.name !== undefined ? await indexOf(target) : target;
    await withNetnsFd(ctx, netns, (netNsFd) => ctx.route().commit(changeRequest(index, rest, { netNsFd })));
  }

  async function indexOf(name: string): Promise<number> {
    return toLink(await ctx.route().get(getLink, selector(name), linkAnswer, name)).index;
  }

  return {
    get,
    async list(filter = {}) {
      const { kind, master, netnsId } = filter;
      const messages = await ctx.route().dump(
        getLink,
        {
          attrs: {
            extMask: EXT_MASK,
            master,
            targetNetnsId: netnsId,
            linkInfo: kind === undefined ? undefined : ({ kind: "unknown", kindName: kind } as const),
          },
        },
        linkAnswer,
      );
      // Older kernels pass over filters they do not know.
      return messages
        .map(toLink)
        .filter((l) => (kind === undefined || l.kind === kind) && (master === undefined || l.master === master));
    },
    async names() {
      const all = await ctx.route().dump(getLink, { attrs: { extMask: EXT_MASK } }, linkName);
      return all.map(({ header, attrs }) => ({
        index: header.index,
        name: attrs.ifname ?? "",
        up: (header.flags & IFF.UP) !== 0,
        loopback: (header.flags & IFF.LOOPBACK) !== 0,
      }));
    },
    add: (spec) => addLink(ctx, spec),
    addVeth: (spec) => addVeth(ctx, spec),
    set,
    async setKind(target, info) {
      const { header, attrs } = selector(target);
      await ctx.route().commit(change(newLink, { header, attrs: { ...attrs, linkInfo: info } }, 0, describe(target)));
    },
    setting: (index, changes) => changeRequest(index, changes),
    del: (target, { netnsId } = {}) => ctx.route().commit(deletion(target, netnsId)),
    async waitUp(target, { timeoutMs }) {
      const deadline = performance.now() + timeoutMs;
      for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
        const link = await get(target);
        if (link?.operstate === "up" || (link?.operstate === "unknown" && link.running)) return true;
        const leftMs = deadline - performance.now();
        if (leftMs <= 0) return false;
        await Bun.sleep(Math.min(pauseMs, leftMs));
      }
    },
    ...bridgePortVerbs(ctx),
  };
}
