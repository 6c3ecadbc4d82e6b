import { formatIpv6 } from "../../ip/index.ts";
import type { Route } from "../../kernel/route.ts";
import { readRoute } from "../../kernel/route-answer.ts";
import { AF, RTM } from "../../netlink/rtnl/constants.ts";
import { RT_SCOPE, RT_TABLE, RTA, RTM_F, RTN, RTPROT } from "../../netlink/rtnl/route.const.ts";
import { DecodeError } from "../../netlink/wire/index.ts";
import { eachMessage, viewOf } from "../look/raw.ts";
import { jsonText, type SharedRow } from "../text.ts";
import { flagNames, type LinkNames, protocolName, scopeName, tableName, typeName } from "./names.ts";
import { dstText, prefName, ROUTE_FLAGS, routeForm, tosText } from "./route.ts";

/** Where `struct rtmsg` and the attributes behind it begin, in a whole message. */
const RTMSG = 16;
const ATTRS = 28;
/** `struct rta_cacheinfo`: eight numbers, of which the third says when the route ends. */
const TIMES = 32;
const EXPIRES = 8;

/** A message that others are like: all of it is the same but for its number, its destination, and when it was used. */
interface Model {
  readonly at: number;
  readonly end: number;
  /** Where its destination stands in it, and how long it is; where its times stand, 0 for nowhere. */
  readonly dst: number;
  readonly size: number;
  readonly times: number;
  /** What is written around the destination. */
  readonly head: string;
  readonly tail: string;
  /** The same in a table, with the other cells. */
  row?: { readonly head: string; readonly tail: string; readonly rest: readonly string[] };
}

/**
 * The answer to RTM_GETROUTE as the members of a JSON array, as `routeForm` has them, without an object for each route. In a long
 * list most routes differ from one before in nothing but the destination, and these are told by comparing numbers.
 */
export class RouteTexts {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #nameOf: LinkNames;
  readonly #tables: boolean;
  readonly #links = new Map<number, string>();
  readonly #kinds = new Map<number, string>();
  /** The last one by the length of its message, which says where what stands; and all by a sum of what they have in common. */
  readonly #last = new Map<number, Model>();
  readonly #models = new Map<number, Model>();

  /** @param tables as in `routeForm` */
  constructor(bytes: Uint8Array, nameOf: LinkNames, tables: boolean) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#nameOf = nameOf;
    this.#tables = tables;
  }

  /** `undefined` when the list is not whole, or something in it is garbled. */
  members(): string | undefined {
    let text = "";
    const whole = this.#each((at, end) => {
      const like = this.#modelOf(at, end);
      const member = like
        ? like.head + this.#address(at + like.dst, like.size) + like.tail
        : (this.#plain(at, end) ?? this.#any(at, end));
      text += text === "" ? member : `,${member}`;
    });
    return whole ? text : undefined;
  }

  /** The same as rows of a table, the destination first. @param rowOf of a route as it is read usually, escaped */
  rows(rowOf: (route: Route) => readonly string[]): SharedRow[] | undefined {
    const rows: SharedRow[] = [];
    const whole = this.#each((at, end) => {
      const row = this.#modelOf(at, end);
      if (row?.row) {
        rows.push({ first: row.row.head + this.#address(at + row.dst, row.size) + row.row.tail, rest: row.row.rest });
        return;
      }
      const route = readRoute(this.#bytes.subarray(at, end));
      const [first = "", ...rest] = rowOf(route);
      rows.push({ first, rest });
      const model = this.#plain(at, end) === undefined ? undefined : this.#last.get(end - at);
      if (model?.at !== at) return;
      const dst = dstText(route.dst);
      const address = this.#address(at + model.dst, model.size);
      model.row = { head: first.slice(0, first.length - dst.length), tail: dst.slice(address.length), rest };
    });
    return whole ? rows : undefined;
  }

  /** Every route that is no cached one; false when the list is not whole. */
  #each(visit: (at: number, end: number) => void): boolean {
    try {
      return eachMessage(this.#view, RTM.NEWROUTE, (at, end) => {
        if (end < at + ATTRS) return;
        if ((this.#view.getUint32(at + RTMSG + 8, true) & RTM_F.CLONED) === 0) visit(at, end);
      });
    } catch (error) {
      if (error instanceof DecodeError) return false;
      throw error;
    }
  }

  /** Everything else. */
  #any(at: number, end: number): string {
    return jsonText(routeForm(readRoute(this.#bytes.subarray(at, end)), this.#nameOf, this.#tables));
  }

  #quad(at: number): string {
    const b = this.#bytes;
    return `${b[at]}.${b[at + 1]}.${b[at + 2]}.${b[at + 3]}`;
  }

  /** A message before that this one is like. */
  #modelOf(at: number, end: number): Model | undefined {
    const last = this.#last.get(end - at);
    if (last === undefined || this.#isLike(last, at)) return last;
    const found = this.#models.get(this.#sum(last, at));
    if (found === undefined || found.end - found.at !== end - at || !this.#isLike(found, at)) return undefined;
    this.#last.set(end - at, found);
    return found;
  }

  /** Whether a message of the same length is like another. */
  #isLike({ at: other, end, dst, size, times }: Model, at: number): boolean {
    const view = this.#view;
    for (let i = RTMSG; i + 4 <= end - other; ) {
      if (i === dst) i += size;
      else if (i === times) {
        if (view.getUint32(at + i + EXPIRES) !== 0) return false;
        i += TIMES;
      } else {
        if (view.getUint32(at + i) !== view.getUint32(other + i)) return false;
        i += 4;
      }
    }
    return true;
  }

  /** Of a message in which everything stands where it does in another. */
  #sum({ at: other, end, dst, size, times }: Model, at: number): number {
    const view = this.#view;
    let sum = end - other;
    for (let i = RTMSG; i + 4 <= end - other; ) {
      if (i === dst) i += size;
      else if (i === times) i += TIMES;
      else {
        sum = (Math.imul(sum, 31) + view.getUint32(at + i)) | 0;
        i += 4;
      }
    }
    return sum;
  }

  /** A route that says nothing rare; `undefined` for others. Addresses and the names of numbers need no escapes. */
  #plain(at: number, end: number): string | undefined {
    const [bytes, view] = [this.#bytes, this.#view];
    const v4 = bytes[at + RTMSG] === AF.INET;
    const size = v4 ? 4 : 16;
    let table = bytes[at + RTMSG + 4] ?? 0;
    // Where each stands; 0 for what is not told.
    let dst = 0;
    let gateway = 0;
    let src = 0;
    let oif = 0;
    let pref = 0;
    let times = 0;
    let metric: number | undefined;
    for (let a = at + ATTRS; a + 4 <= end; ) {
      const length = view.getUint16(a, true);
      if (length < 4 || a + length > end) return undefined;
      const type = view.getUint16(a + 2, true);
      const payload = length - 4;
      if (type === RTA.DST || type === RTA.GATEWAY || type === RTA.PREFSRC) {
        if (payload !== size) return undefined;
        if (type === RTA.DST) dst = a + 4;
        else if (type === RTA.GATEWAY) gateway = a + 4;
        else src = a + 4;
      } else if (type === RTA.PREF) {
        if (payload < 1) return undefined;
        pref = a + 4;
      } else {
        if (payload < 4) return undefined;
        if (type === RTA.TABLE) table = view.getUint32(a + 4, true);
        else if (type === RTA.OIF) oif = a + 4;
        else if (type === RTA.PRIORITY) metric = view.getUint32(a + 4, true);
        else if (type === RTA.CACHEINFO && payload === TIMES && view.getUint32(a + 4 + EXPIRES) === 0) times = a + 4;
        else return undefined;
      }
      a += (length + 3) & ~3;
    }
    const prefixLength = bytes[at + RTMSG + 1] ?? 0;
    if ((dst === 0) !== (prefixLength === 0)) return undefined;
    const tos = bytes[at + RTMSG + 3] ?? 0;
    const kind = bytes[at + RTMSG + 7] ?? 0;
    const flags = view.getUint32(at + RTMSG + 8, true);
    const head = kind === RTN.UNICAST ? '{"dst":"' : `{"type":"${typeName(kind)}","dst":"`;
    let tail = dst === 0 || prefixLength === 8 * size ? '"' : `/${prefixLength}"`;
    if (tos !== 0) tail += `,"tos":"${tosText(tos)}"`;
    if (gateway !== 0) tail += `,"gateway":"${this.#address(gateway, size)}"`;
    if (oif !== 0) tail += this.#link(view.getUint32(oif, true));
    if (this.#tables && table !== RT_TABLE.MAIN) tail += `,"table":"${tableName(table)}"`;
    tail += this.#kind(bytes[at + RTMSG + 5] ?? 0, bytes[at + RTMSG + 6] ?? 0);
    if (src !== 0) tail += `,"prefsrc":"${this.#address(src, size)}"`;
    if (metric !== undefined) tail += `,"metric":${metric}`;
    tail += flags === 0 ? ',"flags":[]' : `,"flags":${JSON.stringify(flagNames(ROUTE_FLAGS, flags))}`;
    tail += pref === 0 ? "}" : `,"pref":"${prefName(bytes[pref] ?? 0)}"}`;
    if (dst === 0) return `${head}default${tail}`;
    const model: Model = { at, end, dst: dst - at, size, times: times === 0 ? 0 : times - at, head, tail };
    this.#last.set(end - at, model);
    this.#models.set(this.#sum(model, at), model);
    return head + this.#address(dst, size) + tail;
  }

  #address(at: number, size: number): string {
    return size === 4 ? this.#quad(at) : formatIpv6(this.#bytes.subarray(at, at + 16));
  }

  /** Who made it and how far it reaches, by their numbers. */
  #kind(protocol: number, scope: number): string {
    const key = (protocol << 8) | scope;
    let text = this.#kinds.get(key);
    if (text === undefined) {
      text = protocol === RTPROT.BOOT ? "" : `,"protocol":"${protocolName(protocol)}"`;
      if (scope !== RT_SCOPE.UNIVERSE) text += `,"scope":"${scopeName(scope)}"`;
      this.#kinds.set(key, text);
    }
    return text;
  }

  #link(index: number): string {
    let text = this.#links.get(index);
    if (text === undefined) {
      text = `,"dev":${jsonText(this.#nameOf(index))}`;
      this.#links.set(index, text);
    }
    return text;
  }
}
