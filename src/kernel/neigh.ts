import { AF } from "../netlink/rtnl/constants.ts";
import { NTF, NUD } from "../netlink/rtnl/neigh.const.ts";
import { delNeigh, getNeigh, newNeigh } from "../netlink/rtnl/neigh.ts";
import { change, NLM_F, type Request } from "../netlink/socket/index.ts";
import type { MessageOf } from "../netlink/wire/index.ts";
import { familyOf } from "./cidr.ts";
import type { KernelContext } from "./context.ts";

/** Which hardware address an IP address has: `ip neigh`. */
export interface NeighSpec {
  /** Index of the link. */
  link: number;
  dst: string;
  /** Absent for a proxy entry. */
  mac?: string | undefined;
  /** NUD_*; permanent when absent. */
  state?: number | undefined;
  /** Answer for it on this link. */
  proxy?: boolean | undefined;
}

export interface Neigh {
  readonly link: number;
  readonly family: 4 | 6;
  readonly dst: string;
  readonly mac: string | undefined;
  /** NUD_*. */
  readonly state: number;
  /** NTF_*. */
  readonly flags: number;
  /** Everything else the kernel said. */
  readonly attrs: MessageOf<typeof newNeigh>["attrs"];
}

export interface NeighVerbs {
  add(spec: NeighSpec): Promise<void>;
  replace(spec: NeighSpec): Promise<void>;
  /** NetlinkError ENOENT when there is none. */
  del(link: number, dst: string, options?: { proxy?: boolean }): Promise<void>;
  /** Of one link, or of all. */
  list(link?: number): Promise<Neigh[]>;
  /** The requests that `replace` and `del` send, for `Kernel.commit`. */
  replacing(spec: NeighSpec): Request;
  deleting(link: number, dst: string, options?: { proxy?: boolean }): Request;
}

export function neighVerbs(ctx: KernelContext): NeighVerbs {
  const replacing = (spec: NeighSpec): Request => neighRequest(spec, NLM_F.CREATE | NLM_F.REPLACE);
  const deleting: NeighVerbs["deleting"] = (link, dst, { proxy } = {}) => {
    const header = { family: familyOf(dst), index: link, flags: proxy ? NTF.PROXY : 0 };
    return change(delNeigh, { header, attrs: { dst } }, 0, `${dst} on #${link}`);
  };
  return {
    replacing,
    deleting,
    add: (spec) => ctx.route().commit(neighRequest(spec, NLM_F.CREATE | NLM_F.EXCL)),
    replace: (spec) => ctx.route().commit(replacing(spec)),
    del: (link, dst, options) => ctx.route().commit(deleting(link, dst, options)),
    async list(link) {
      const all = await ctx.route().dump(getNeigh, { attrs: { ifindex: link } }, newNeigh);
      return all.map(toNeigh).filter((n) => n !== undefined);
    },
  };
}

function neighRequest({ link, dst, mac, state, proxy }: NeighSpec, flags: number): Request {
  return change(
    newNeigh,
    {
      header: {
        family: familyOf(dst),
        index: link,
        state: state ?? NUD.PERMANENT,
        flags: proxy ? NTF.PROXY : 0,
      },
      attrs: { dst, lladdr: mac },
    },
    flags,
    `${dst} on #${link}`,
  );
}

/** `undefined` for what shares the message but is no neighbour: bridges' forwarding tables, see fdb.ts. */
export function toNeigh({ header, attrs }: MessageOf<typeof newNeigh>): Neigh | undefined {
  const { family } = header;
  if ((family !== AF.INET && family !== AF.INET6) || attrs.dst === undefined) return undefined;
  return {
    link: header.index,
    family: family === AF.INET ? 4 : 6,
    dst: attrs.dst,
    mac: attrs.lladdr,
    state: header.state,
    flags: header.flags,
    attrs,
  };
}
