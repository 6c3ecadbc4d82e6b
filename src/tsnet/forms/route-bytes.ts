import { formatIpv6 } from "../../ip/index.ts";
import { readRoute } from "../../kernel/route-answer.ts";
import { AF, RTM } from "../../netlink/rtnl/constants.ts";
import { RT_SCOPE, RT_TABLE, RTA, RTM_F, RTN, RTPROT } from "../../netlink/rtnl/route.const.ts";
import { DecodeError } from "../../netlink/wire/index.ts";
import { eachMessage, viewOf } from "../look/raw.ts";
import { jsonText } from "../text.ts";
import { flagNames, type LinkNames, protocolName, scopeName, tableName, typeName } from "./names.ts";
import { prefName, ROUTE_FLAGS, routeForm, tosText } from "./route.ts";

/** Where `struct rtmsg` and the attributes behind it begin, in a whole message. */
const RTMSG = 16;
const ATTRS = 28;
/** `struct rta_cacheinfo`: eight numbers, of which the third says when the route ends. */
const TIMES = 32;
const EXPIRES = 8;

/**
 * The answer to RTM_GETROUTE as the members of a JSON array, as `routeForm` has them, without an object for each route. Of a long
 * list most routes differ from the one before in nothing but the destination, and these are told by comparing numbers.
 */
export class RouteTexts {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #nameOf: LinkNames;
  readonly #tables: boolean;
  readonly #links = new Map<number, string>();
  readonly #kinds = new Map<number, string>();
  /**
   * The message before, what is written around its destination, and where that and the times stand in it (0: nowhere). `end` 0:
   * there is none.
   */
  #before = { at: 0, end: 0, dst: 0, size: 4, times: 0, head: "", tail: "" };

  /** @param tables as in `routeForm` */
  constructor(bytes: Uint8Array, nameOf: LinkNames, tables: boolean) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#nameOf = nameOf;
    this.#tables = tables;
  }

  /** `undefined` when the list is not whole, or something in it is garbled. */
  members(): string | undefined {
    try {
      return this.#members();
    } catch (error) {
      if (error instanceof DecodeError) return undefined;
      throw error;
    }
  }

  #members(): string | undefined {
    let text = "";
    const whole = eachMessage(this.#view, RTM.NEWROUTE, (at, end) => {
      if (end < at + ATTRS) return;
      if ((this.#view.getUint32(at + RTMSG + 8, true) & RTM_F.CLONED) !== 0) return;
      const member = this.#isLikeBefore(at, end)
        ? this.#before.head + this.#address(at + this.#before.dst, this.#before.size) + this.#before.tail
        : (this.#plain(at, end) ?? this.#any(at, end));
      text += text === "" ? member : `,${member}`;
    });
    return whole ? text : undefined;
  }

  /** Everything else. */
  #any(at: number, end: number): string {
    return jsonText(routeForm(readRoute(this.#bytes.subarray(at, end)), this.#nameOf, this.#tables));
  }

  #quad(at: number): string {
    const b = this.#bytes;
    return `${b[at]}.${b[at + 1]}.${b[at + 2]}.${b[at + 3]}`;
  }

  /** Whether all of a message is as in the one before, but for its number, its destination, and when it was used. */
  #isLikeBefore(at: number, end: number): boolean {
    const view = this.#view;
    const { at: other, end: otherEnd, dst, size, times } = this.#before;
    if (end - at !== otherEnd - other) return false;
    for (let i = RTMSG; i + 4 <= end - at; ) {
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
    this.#before = { at, end, dst: dst - at, size, times: times === 0 ? 0 : times - at, head, tail };
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
