import { CTA_FILTER_F_CTA, delFlow, type Flow, type FlowTuple, getFlow, newFlow } from "../netlink/ctnetlink/index.ts";
import { change, isNetlinkError } from "../netlink/socket/index.ts";
import type { KernelContext } from "./context.ts";

/** A tracked connection or exchange of datagrams. `reply` shows where it was translated to. */
export interface TrackedFlow {
  readonly family: 4 | 6;
  /** Number of the protocol: 6 TCP, 17 UDP, 132 SCTP. */
  readonly protocol: number;
  readonly original: FlowEnds;
  readonly reply: FlowEnds;
  readonly id: number | undefined;
  /** IPS_*, linux/netfilter/nf_conntrack_common.h. */
  readonly status: number;
}

export interface FlowEnds {
  readonly src: string;
  readonly dst: string;
  readonly srcPort: number | undefined;
  readonly dstPort: number | undefined;
}

/** What must match; absent matches all. Addresses in canonical form. */
export interface FlowFilter {
  readonly family: 4 | 6;
  readonly protocol: number;
  readonly originalDst?: string | undefined;
  readonly originalDstPort?: number | undefined;
  readonly replySrc?: string | undefined;
  readonly replySrcPort?: number | undefined;
}

export interface ConntrackVerbs {
  /** `conntrack -L` with a filter that the kernel applies. Empty without connection tracking. */
  list(filter: FlowFilter): Promise<TrackedFlow[]>;
  /** Forgets the flows that match and that `also` says yes to; how many there were. */
  flush(filter: FlowFilter, also?: (flow: TrackedFlow) => boolean): Promise<number>;
}

const AF_INET = 2;
const AF_INET6 = 10;

export function conntrackVerbs(ctx: KernelContext): ConntrackVerbs {
  async function dump(filter: FlowFilter) {
    try {
      return await ctx.netfilter().dump(getFlow, question(filter), newFlow);
    } catch (error) {
      // No conntrack in this kernel, or its netlink part is missing: nothing can be stale.
      if (isNetlinkError(error, "EOPNOTSUPP", "EPROTONOSUPPORT", "EINVAL")) return [];
      throw error;
    }
  }

  async function matching(filter: FlowFilter) {
    const answers = await dump(filter);
    return answers
      .map(({ header, attrs }) => ({ attrs, flow: toFlow(header.family === AF_INET6 ? 6 : 4, attrs) }))
      .filter(({ flow }) => matches(flow, filter));
  }

  return {
    list: async (filter) => (await matching(filter)).map(({ flow }) => flow),
    async flush(filter, also = () => true) {
      const found = (await matching(filter)).filter(({ flow }) => also(flow));
      if (found.length === 0) return 0;
      const outcomes = await ctx.netfilter().exchange(
        found.map(({ attrs, flow }) =>
          change(delFlow, {
            header: { family: flow.family === 4 ? AF_INET : AF_INET6 },
            attrs: { original: attrs.original, id: attrs.id, zone: attrs.zone },
          }),
        ),
      );
      // One that ended by itself meanwhile is as good.
      const refusal = outcomes.find((o) => o.error && o.error.code !== "ENOENT")?.error;
      if (refusal) throw refusal;
      return outcomes.length;
    },
  };
}

function question(filter: FlowFilter) {
  const F = CTA_FILTER_F_CTA;
  const { originalDst, replySrc } = addressesToAsk(filter);
  const originalFlags =
    F.PROTO_NUM |
    (originalDst === undefined ? 0 : F.IP_DST) |
    (filter.originalDstPort === undefined ? 0 : F.PROTO_DST_PORT);
  const replyFlags =
    (replySrc === undefined ? 0 : F.IP_SRC) | (filter.replySrcPort === undefined ? 0 : F.PROTO_SRC_PORT);
  return {
    header: { family: filter.family === 4 ? AF_INET : AF_INET6 },
    attrs: {
      original: {
        ...(originalDst !== undefined && { ip: { dst4: originalDst } }),
        proto: { num: filter.protocol, dstPort: filter.originalDstPort },
      },
      ...(replyFlags !== 0 && {
        reply: {
          ...(replySrc !== undefined && { ip: { src4: replySrc } }),
          proto: { num: filter.protocol, srcPort: filter.replySrcPort },
        },
      }),
      filter: { originalFlags, replyFlags: replyFlags === 0 ? 0 : replyFlags | F.PROTO_NUM },
    },
  };
}

/** The kernel is not asked for IPv6 addresses: its filter drops exactly the flows that match them (seen on 6.18). */
const addressesToAsk = (filter: FlowFilter): Pick<FlowFilter, "originalDst" | "replySrc"> =>
  filter.family === 4 ? filter : {};

function toFlow(family: 4 | 6, attrs: Flow): TrackedFlow {
  return {
    family,
    protocol: attrs.original?.proto?.num ?? 0,
    original: ends(attrs.original),
    reply: ends(attrs.reply),
    id: attrs.id,
    status: attrs.status ?? 0,
  };
}

const ends = (tuple: FlowTuple = {}): FlowEnds => ({
  src: tuple.ip?.src4 ?? tuple.ip?.src6 ?? "",
  dst: tuple.ip?.dst4 ?? tuple.ip?.dst6 ?? "",
  srcPort: tuple.proto?.srcPort,
  dstPort: tuple.proto?.dstPort,
});

/** Asked again here: what was not asked of the kernel, and everything if it does not know the filter. */
const matches = (flow: TrackedFlow, filter: FlowFilter): boolean =>
  flow.family === filter.family &&
  flow.protocol === filter.protocol &&
  (filter.originalDst === undefined || flow.original.dst === filter.originalDst) &&
  (filter.originalDstPort === undefined || flow.original.dstPort === filter.originalDstPort) &&
  (filter.replySrc === undefined || flow.reply.src === filter.replySrc) &&
  (filter.replySrcPort === undefined || flow.reply.srcPort === filter.replySrcPort);
