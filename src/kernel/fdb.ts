import { AF } from "../netlink/rtnl/constants.ts";
import { NTF, NUD } from "../netlink/rtnl/neigh.const.ts";
import { delNeigh, getNeigh, newNeigh } from "../netlink/rtnl/neigh.ts";
import { change, NLM_F, type Request } from "../netlink/socket/index.ts";
import type { MessageInput, MessageOf } from "../netlink/wire/index.ts";
import type { KernelContext } from "./context.ts";

/** A forwarding entry: `bridge fdb`. */
export interface FdbSpec {
  /** Index of the bridge's port, the bridge, or the VXLAN link. */
  link: number;
  mac: string;
  /** Whose table: the bridge's that `link` is a port of ("master"), or the link's own ("self", VXLAN). "self" when absent. */
  table?: "master" | "self" | undefined;
  vlan?: number | undefined;
  /** VXLAN: the remote end. */
  dst?: string | undefined;
  /** VXLAN: the remote end's UDP port, when it is not the link's. */
  port?: number | undefined;
  vni?: number | undefined;
  srcVni?: number | undefined;
  /** VXLAN: index of the link to send through. */
  via?: number | undefined;
  /** A next-hop group instead of `dst`. */
  nexthopId?: number | undefined;
  /** NUD_*. Permanent (never ages, never moves) when absent; NOARP is what `bridge fdb` calls static, REACHABLE dynamic. */
  state?: number | undefined;
}

export interface Fdb extends FdbSpec {
  readonly state: number;
  /** NTF_*. */
  readonly flags: number;
  /** The bridge it is an entry of. */
  readonly master: number | undefined;
  /** Everything else the kernel said. */
  readonly attrs: MessageOf<typeof newNeigh>["attrs"];
}

export interface FdbVerbs {
  /** NetlinkError EEXIST when the address is there. */
  add(spec: FdbSpec): Promise<void>;
  /** One more destination for the address (VXLAN). */
  append(spec: FdbSpec): Promise<void>;
  replace(spec: FdbSpec): Promise<void>;
  /** NetlinkError ENOENT when there is none. */
  del(spec: FdbSpec): Promise<void>;
  /** Of one link, of one bridge, or all. */
  list(filter?: { link?: number; master?: number }): Promise<Fdb[]>;
  /** The requests that `replace`, `append` and `del` send, for `Kernel.commit`. */
  replacing(spec: FdbSpec): Request;
  appending(spec: FdbSpec): Request;
  deleting(spec: FdbSpec): Request;
}

export function fdbVerbs(ctx: KernelContext): FdbVerbs {
  const make =
    (flags: number) =>
    (spec: FdbSpec): Request =>
      change(newNeigh, fdbMessage(spec), flags, `${spec.mac} on #${spec.link}`);
  const adding = make(NLM_F.CREATE | NLM_F.EXCL);
  const replacing = make(NLM_F.CREATE | NLM_F.REPLACE);
  const appending = make(NLM_F.CREATE | NLM_F.APPEND);
  const deleting = (spec: FdbSpec): Request => change(delNeigh, fdbMessage(spec), 0, `${spec.mac} on #${spec.link}`);
  return {
    replacing,
    appending,
    deleting,
    add: (spec) => ctx.route().commit(adding(spec)),
    replace: (spec) => ctx.route().commit(replacing(spec)),
    append: (spec) => ctx.route().commit(appending(spec)),
    del: (spec) => ctx.route().commit(deleting(spec)),
    async list({ link, master } = {}) {
      const header = { family: AF.BRIDGE };
      const all = await ctx.route().dump(getNeigh, { header, attrs: { ifindex: link, master } }, newNeigh);
      return all.map(toFdb).filter((entry) => link === undefined || entry.link === link);
    },
  };
}

function fdbMessage(spec: FdbSpec): MessageInput<typeof newNeigh> {
  return {
    header: {
      family: AF.BRIDGE,
      index: spec.link,
      state: spec.state ?? NUD.PERMANENT,
      flags: spec.table === "master" ? NTF.MASTER : NTF.SELF,
    },
    attrs: {
      lladdr: spec.mac,
      dst: spec.dst,
      vlan: spec.vlan,
      port: spec.port,
      vni: spec.vni,
      srcVni: spec.srcVni,
      ifindex: spec.via,
      nexthopId: spec.nexthopId,
    },
  };
}

function toFdb({ header, attrs }: MessageOf<typeof newNeigh>): Fdb {
  return {
    link: header.index,
    mac: attrs.lladdr ?? "",
    table: header.flags & NTF.SELF ? "self" : "master",
    vlan: attrs.vlan,
    dst: attrs.dst,
    port: attrs.port,
    vni: attrs.vni,
    srcVni: attrs.srcVni,
    via: attrs.ifindex,
    nexthopId: attrs.nexthopId,
    state: header.state,
    flags: header.flags,
    master: attrs.master,
    attrs,
  };
}
