import { change, isNetlinkError, NLM_F, type Request, request } from "../netlink/socket/index.ts";
import { type ClassAttrs, type ClassKind, delClass, getClass, newClass } from "../netlink/tc/class.ts";
import { TC_H } from "../netlink/tc/constants.ts";
import { delFilter, type FilterAttrs, type FilterKind, getFilter, newFilter } from "../netlink/tc/filter.ts";
import { formatHandle, parseHandle } from "../netlink/tc/handle.ts";
import { delQdisc, getQdisc, newQdisc, type QdiscAttrs, type QdiscKind } from "../netlink/tc/qdisc.ts";
import type { KernelContext } from "./context.ts";

/** Handles and parents are text as in tc(8), hexadecimal: `root`, `ingress`, `1:`, `1:30`. */
interface TcPlace {
  /** Index of the link. */
  link: number;
  /** `root` when absent. */
  parent?: string | undefined;
  handle?: string | undefined;
}

/** A queueing discipline: `{ link, kind: "tbf", data: tbfOptions(…) }`. */
export type QdiscSpec = TcPlace & QdiscKind;
export type ClassSpec = TcPlace & ClassKind;
export type FilterSpec = Omit<TcPlace, "handle"> &
  FilterKind & {
    /** The kind's own; chosen by the kernel when absent. */
    handle?: number | undefined;
    /** The smaller comes first; chosen by the kernel when absent. */
    priority?: number | undefined;
    /** Ethertype; 3 (ETH_P_ALL) when absent. */
    protocol?: number | undefined;
  };

interface TcObject<Attrs> {
  readonly link: number;
  readonly handle: string;
  readonly parent: string;
  /** Also for kinds whose options are not decoded. */
  readonly kind: string;
  /** `tcm_info`: of a qdisc the number of its users. */
  readonly info: number;
  readonly attrs: Attrs;
}
export type Qdisc = TcObject<QdiscAttrs>;
export type TrafficClass = TcObject<ClassAttrs>;
export type Filter = Omit<TcObject<FilterAttrs>, "handle"> & {
  /** The kind's own; 0 for the entry that stands for all of a priority. */
  readonly handle: number;
  readonly priority: number;
  readonly protocol: number;
};

/** Traffic control: `tc`. */
export interface TcVerbs {
  /** NetlinkError EEXIST when the parent has one already. */
  addQdisc(spec: QdiscSpec): Promise<void>;
  replaceQdisc(spec: QdiscSpec): Promise<void>;
  /** NetlinkError ENOENT or EINVAL when there is none. */
  delQdisc(place: TcPlace): Promise<void>;
  /** The one at this parent (`root`, `ingress`), or of this handle; `undefined` when there is none but the default. */
  getQdisc(place: TcPlace): Promise<Qdisc | undefined>;
  /** Of one link or of all; the kernel walks all of them either way. */
  listQdiscs(link?: number): Promise<Qdisc[]>;
  addClass(spec: ClassSpec): Promise<void>;
  replaceClass(spec: ClassSpec): Promise<void>;
  delClass(place: TcPlace): Promise<void>;
  listClasses(link: number): Promise<TrafficClass[]>;
  addFilter(spec: FilterSpec): Promise<void>;
  /** The requests that `addQdisc` and `addFilter` send, for `Kernel.commit` and `Kernel.attempt`. */
  addingQdisc(spec: QdiscSpec): Request;
  addingFilter(spec: FilterSpec): Request;
  /** All of the parent, or those of one priority. */
  delFilters(place: Omit<TcPlace, "handle"> & { priority?: number; protocol?: number }): Promise<void>;
  /** @param parent `root`, `ffff:` of an ingress qdisc, … */
  listFilters(link: number, parent: string): Promise<Filter[]>;
}

const CREATE = NLM_F.CREATE | NLM_F.EXCL;
const REPLACE = NLM_F.CREATE | NLM_F.REPLACE;

export function tcVerbs(ctx: KernelContext): TcVerbs {
  const send = (request: Request): Promise<void> => ctx.route().commit(request);
  return {
    addQdisc: (spec) => send(qdiscRequest(spec, CREATE)),
    addingQdisc: (spec) => qdiscRequest(spec, CREATE),
    addingFilter: filterRequest,
    replaceQdisc: (spec) => send(qdiscRequest(spec, REPLACE)),
    delQdisc: (place) => send(change(delQdisc, { header: headerOf(place) }, 0, describe(place))),
    async getQdisc(place) {
      // Kernels before 6.8 send the answer to those only who asked for an echo.
      const ask = request(
        getQdisc,
        { header: headerOf(place) },
        NLM_F.REQUEST | NLM_F.ACK | NLM_F.ECHO,
        describe(place),
      );
      const [outcome] = await ctx.route().exchange([ask]);
      if (isNetlinkError(outcome?.error, "ENOENT", "EINVAL")) return undefined;
      if (outcome?.error) throw outcome.error;
      const reply = outcome?.replies.find(({ type }) => type === newQdisc.type);
      if (!reply) return undefined;
      const { header, attrs } = newQdisc.decode(reply.bytes);
      return header.handle === 0 ? undefined : toObject(header, attrs);
    },
    async listQdiscs(link) {
      const all = await ctx.route().dump(getQdisc, { header: { index: link } }, newQdisc);
      const found = all.map(({ header, attrs }) => toObject(header, attrs));
      return link === undefined ? found : found.filter((q) => q.link === link);
    },
    addClass: (spec) => send(classRequest(spec, CREATE)),
    replaceClass: (spec) => send(classRequest(spec, REPLACE)),
    delClass: (place) => send(change(delClass, { header: headerOf(place) }, 0, describe(place))),
    async listClasses(link) {
      const all = await ctx.route().dump(getClass, { header: { index: link } }, newClass);
      return all.map(({ header, attrs }) => toObject(header, attrs));
    },
    addFilter: (spec) => send(filterRequest(spec)),
    delFilters(place) {
      const info = filterInfo(place.priority ?? 0, place.protocol ?? (place.priority === undefined ? 0 : ETH_P_ALL));
      return send(change(delFilter, { header: { ...headerOf(place), info } }, 0, describe(place)));
    },
    async listFilters(link, parent) {
      const header = { index: link, parent: parseHandle(parent) };
      const all = await ctx.route().dump(getFilter, { header }, newFilter);
      return all.map((m) => ({
        ...toObject(m.header, m.attrs),
        handle: m.header.handle,
        priority: m.header.info >>> 16,
        protocol: swap16(m.header.info & 0xffff),
      }));
    },
  };
}

/** ETH_P_ALL, linux/if_ether.h. */
const ETH_P_ALL = 3;

const swap16 = (n: number): number => ((n & 0xff) << 8) | (n >>> 8);
const filterInfo = (priority: number, protocol: number): number => priority * 0x10000 + swap16(protocol);

/** An ingress or clsact qdisc has a parent and a handle of its own. */
const isIngress = (kind: unknown): boolean => kind === "ingress" || kind === "clsact";

function headerOf({ link, parent, handle }: TcPlace): { index: number; parent: number; handle: number } {
  return {
    index: link,
    parent: parseHandle(parent ?? "root"),
    handle: handle === undefined ? 0 : parseHandle(handle),
  };
}

const describe = ({ link, parent, handle }: TcPlace): string =>
  `#${link} ${parent ?? "root"} ${handle ?? ""}`.trimEnd();

function qdiscRequest(spec: QdiscSpec, flags: number): Request {
  const { link, parent, handle, ...kind } = spec;
  const place = isIngress(kind.kind) ? { link, parent: parent ?? "ingress", handle: handle ?? "ffff:" } : spec;
  return change(newQdisc, { header: headerOf(place), attrs: kind }, flags, describe(place));
}

function classRequest(spec: ClassSpec, flags: number): Request {
  const { link, parent, handle, ...kind } = spec;
  return change(newClass, { header: headerOf(spec), attrs: kind }, flags, describe({ link, parent, handle }));
}

function filterRequest(spec: FilterSpec): Request {
  const { link, parent, handle, priority = 0, protocol = ETH_P_ALL, ...kind } = spec;
  const header = { ...headerOf({ link, parent }), handle, info: filterInfo(priority, protocol) };
  return change(newFilter, { header, attrs: kind }, CREATE, describe({ link, parent }));
}

function toObject<A extends { kind?: string | undefined; kindName?: string | undefined }>(
  header: { index: number; handle: number; parent: number; info: number },
  attrs: A,
): TcObject<A> {
  return {
    link: header.index,
    handle: formatHandle(header.handle),
    parent: header.parent === TC_H.UNSPEC ? "" : formatHandle(header.parent),
    kind: (attrs.kind === "unknown" ? attrs.kindName : attrs.kind) ?? "",
    info: header.info,
    attrs,
  };
}
