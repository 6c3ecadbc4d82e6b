import { CTA_FILTER_F_CTA, CTA_PROTO, delFlow, type FlowTuple, getFlow, newFlow } from "../netlink/ctnetlink/index.ts";
import { change, isNetlinkError } from "../netlink/socket/index.ts";
import type { MessageInput, MessageOf } from "../netlink/wire/index.ts";
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
  /**
   * Forgets the flows that match any of the filters and that `also` says yes to; how many there were. The kernel walks its
   * whole table for each listing (10 ms for a quarter of a million buckets, however few flows), so there are as few of
   * them as possible: none where nothing is tracked.
   */
  flush<F extends FlowFilter>(filters: readonly F[], also?: (flow: TrackedFlow, filter: F) => boolean): Promise<number>;
}

const AF_INET = 2;
const AF_INET6 = 10;

/** So few are listed all at once, of both families. */
const FEW = 2_000;

export function conntrackVerbs(ctx: KernelContext): ConntrackVerbs {
  async function dump(ask: MessageInput<typeof getFlow>, ports?: readonly number[]) {
    try {
      return await ctx.netfilter().dump(getFlow, ask, newFlow, ports?.map(dstPortAttr));
    } catch (error) {
      // No conntrack in this kernel, or its netlink part is missing: nothing can be stale.
      if (isNetlinkError(error, "EOPNOTSUPP", "EPROTONOSUPPORT", "EINVAL")) return [];
      throw error;
    }
  }

  /** What one listing for all of the filters, or one for each, brings; more than what matches. */
  async function candidates(filters: readonly FlowFilter[]) {
    const ports = filters.flatMap((f) => f.originalDstPort ?? []);
    const perhaps = ports.length === filters.length ? ports : undefined;
    if (countFlows(ctx) <= FEW) return dump({}, perhaps);
    const found: Awaited<ReturnType<typeof dump>> = [];
    for (const filter of merged(filters)) found.push(...(await dump(question(filter), perhaps)));
    return found;
  }

  return {
    list: async (filter) => (await dump(question(filter))).map(toFlow).filter((flow) => matches(flow, filter)),
    async flush(filters, also = () => true) {
      if (filters.length === 0 || !maybeTracked(ctx, filters)) return 0;
      const gone = (await candidates(filters)).filter((message) => {
        const flow = toFlow(message);
        return filters.some((filter) => matches(flow, filter) && also(flow, filter));
      });
      if (gone.length === 0) return 0;
      const outcomes = await ctx
        .netfilter()
        .exchange(
          gone.map(({ header, attrs: { original, id, zone } }) =>
            change(delFlow, { header: { family: header.family }, attrs: { original, id, zone } }),
          ),
        );
      // One that ended by itself meanwhile is as good.
      const refusal = outcomes.find((o) => o.error && o.error.code !== "ENOENT")?.error;
      if (refusal) throw refusal;
      return outcomes.length;
    },
  };
}

/** How a port stands in a tuple: CTA_PROTO_DST_PORT, two bytes. */
const dstPortAttr = (port: number): Uint8Array => Uint8Array.of(6, 0, CTA_PROTO.DST_PORT, 0, port >> 8, port & 255);

/** Flows of this namespace; none where connections are not tracked. */
function countFlows({ native, netns }: KernelContext): number {
  try {
    return Number(native.sysctlGet(netns, "net/netfilter/nf_conntrack_count"));
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return 0;
    throw error;
  }
}

/**
 * Whether it is worth while to have the kernel list flows. Where there are few, the text form tells in a fortieth of the
 * time: it passes over empty buckets without locking them. There is none in a foreign namespace, nor on some kernels.
 */
function maybeTracked(ctx: KernelContext, filters: readonly FlowFilter[]): boolean {
  const count = countFlows(ctx);
  if (count === 0) return false;
  if (count > FEW || ctx.netns !== -1) return true;
  try {
    const text = new TextDecoder().decode(ctx.native.readFile("/proc/thread-self/net/nf_conntrack", FEW * 1_000));
    return filters.some((f) => f.originalDstPort === undefined || text.includes(`dport=${f.originalDstPort} `));
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  ["ENOENT", "EFBIG", "EACCES"].includes(String((error as { code?: unknown }).code));

/** At most one filter for each family and protocol: with several ports, one that lets all ports through. */
function merged(filters: readonly FlowFilter[]): FlowFilter[] {
  const byKind = new Map<string, FlowFilter>();
  for (const filter of filters) {
    const kind = `${filter.family} ${filter.protocol}`;
    const other = byKind.get(kind);
    const { family, protocol, originalDstPort } = filter;
    byKind.set(
      kind,
      other
        ? { family, protocol, originalDstPort: other.originalDstPort === originalDstPort ? originalDstPort : undefined }
        : filter,
    );
  }
  return [...byKind.values()];
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

function toFlow({ header, attrs }: MessageOf<typeof newFlow>): TrackedFlow {
  return {
    family: header.family === AF_INET6 ? 6 : 4,
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
