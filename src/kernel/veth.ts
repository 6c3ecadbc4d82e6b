import type { NewLinkInput } from "../netlink/rtnl/link.ts";
import { newLink } from "../netlink/rtnl/link.ts";
import { change, NLM_F } from "../netlink/socket/index.ts";
import type { KernelContext } from "./context.ts";
import { createAndRead } from "./link-add.ts";
import { attrsOf, changeRequest, deletion, flagBits } from "./link-request.ts";
import type { Link } from "./link-value.ts";
import { type NamespaceRef, withNetnsFd } from "./netns-fd.ts";

export interface VethPeerSpec {
  name: string;
  /** Where it is born; the kernel of the other end when absent. */
  netns?: NamespaceRef | undefined;
  /** Chosen by the kernel when absent. */
  address?: string | undefined;
  /** That of the first end when absent. */
  mtu?: number | undefined;
  /** Index of a bridge in the peer's namespace. */
  master?: number | undefined;
  /** The peer cannot be born up, so this takes a message of its own. */
  up?: boolean | undefined;
}

/**
 * A pair of connected links. Equivalent: `ip link add NAME mtu M master B up type veth peer name P netns N address A`.
 */
export interface VethSpec {
  name: string;
  address?: string | undefined;
  mtu?: number | undefined;
  master?: number | undefined;
  up?: boolean | undefined;
  txqlen?: number | undefined;
  /** Set by a second message: the kernel ignores it in the one that makes the link. */
  alias?: string | undefined;
  peer: VethPeerSpec;
}

/**
 * Makes a pair in one message, the peer born in its namespace with name, address and MTU; then sets by index what that
 * message cannot say (alias; the peer's master and state). By index, because a link of that name may be another's when
 * making it was refused. When a later message fails the pair is removed again.
 */
export function addVeth(ctx: KernelContext, spec: VethSpec): Promise<Link> {
  const { peer } = spec;
  return withNetnsFd(ctx, peer.netns, async (netNsFd) => {
    const create = change(newLink, pair(spec, netNsFd), NLM_F.CREATE | NLM_F.EXCL, spec.name);
    const link = await createAndRead(ctx, create, spec.name);
    try {
      if (spec.alias !== undefined) await ctx.route().commit(changeRequest(link.index, { alias: spec.alias }));
      if ((peer.master !== undefined || peer.up) && link.peerIndex !== undefined) {
        const finish = changeRequest(link.peerIndex, { master: peer.master, up: peer.up });
        if (peer.netns) await peer.netns.commit(finish);
        else await ctx.route().commit(finish);
      }
    } catch (error) {
      // Nothing can be done about a failure of this one, and the first cause is what counts.
      await ctx.route().exchange([deletion(link.index)]);
      throw error;
    }
    return spec.alias === undefined ? link : Object.assign(link, { alias: spec.alias });
  });
}

function pair(spec: VethSpec, netNsFd: number | undefined): NewLinkInput {
  const { peer } = spec;
  return {
    header: flagBits(spec),
    attrs: {
      ifname: spec.name,
      ...attrsOf({ ...spec, alias: undefined }),
      linkInfo: {
        kind: "veth",
        data: {
          peer: { attrs: { ifname: peer.name, address: peer.address, mtu: peer.mtu ?? spec.mtu, netNsFd } },
        },
      },
    },
  };
}
