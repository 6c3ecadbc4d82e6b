import { IFA_F } from "../netlink/rtnl/addr.const.ts";
import { type AddrAttrs, delAddr, getAddr, newAddr } from "../netlink/rtnl/addr.ts";
import { AF } from "../netlink/rtnl/constants.ts";
import { RT_SCOPE } from "../netlink/rtnl/route.const.ts";
import { change, isNetlinkError, NLM_F, type Request } from "../netlink/socket/index.ts";
import type { MessageOf } from "../netlink/wire/index.ts";
import { parsePrefix } from "./cidr.ts";
import type { KernelContext } from "./context.ts";

/** An address to be added: `ip addr add`. The kernel adds the prefix's route unless told not to; no broadcast address. */
export interface AddrSpec {
  /** Index of the link. */
  link: number;
  /** `10.1.0.5/16`. */
  address: string;
  /** The other end's address on a point-to-point link. */
  peer?: string | undefined;
  broadcast?: string | undefined;
  /** IPv6: usable at once, without duplicate-address detection. */
  nodad?: boolean | undefined;
  noPrefixRoute?: boolean | undefined;
  /** RT_SCOPE_*; `host` for 127.0.0.0/8, else `universe`. */
  scope?: number | undefined;
  label?: string | undefined;
  /** Metric of the prefix's route. */
  priority?: number | undefined;
  /** Seconds; for ever when absent. */
  validSec?: number | undefined;
  preferredSec?: number | undefined;
}

export interface Addr {
  readonly link: number;
  readonly family: 4 | 6;
  /** Without prefix length. */
  readonly address: string;
  readonly prefixLen: number;
  readonly peer: string | undefined;
  readonly broadcast: string | undefined;
  readonly label: string | undefined;
  readonly scope: number;
  /** IFA_F_*. */
  readonly flags: number;
  /** Duplicate-address detection is under way: not usable yet. */
  readonly tentative: boolean;
  readonly dadFailed: boolean;
  readonly deprecated: boolean;
  /** Seconds left; `undefined` is for ever. */
  readonly validSec: number | undefined;
  readonly preferredSec: number | undefined;
  /** Everything else the kernel said. */
  readonly attrs: AddrAttrs;
}

export interface AddrVerbs {
  /** NetlinkError EEXIST when the link has it already. */
  add(spec: AddrSpec): Promise<void>;
  /** As `add`; changes lifetimes and flags when it is there. */
  replace(spec: AddrSpec): Promise<void>;
  /** NetlinkError EADDRNOTAVAIL when the link has it not. @param address `10.1.0.5/16` */
  del(link: number, address: string): Promise<void>;
  /** IPv4 before IPv6; of one link, or of all. Empty when there is no such link. */
  list(link?: number): Promise<Addr[]>;
  /** The requests that `add` and `del` send, for `Kernel.commit`. */
  adding(spec: AddrSpec): Request;
  deleting(link: number, address: string): Request;
}

export function addrVerbs(ctx: KernelContext): AddrVerbs {
  return {
    adding: (spec) => addRequest(spec, NLM_F.CREATE | NLM_F.EXCL),
    deleting: deleteRequest,
    add: (spec) => ctx.route().commit(addRequest(spec, NLM_F.CREATE | NLM_F.EXCL)),
    replace: (spec) => ctx.route().commit(addRequest(spec, NLM_F.CREATE | NLM_F.REPLACE)),
    del: (link, address) => ctx.route().commit(deleteRequest(link, address)),
    async list(link) {
      try {
        const all = await ctx.route().dump(getAddr, { header: { index: link } }, newAddr);
        return all.map(toAddr);
      } catch (error) {
        if (isNetlinkError(error, "ENODEV")) return [];
        throw error;
      }
    },
  };
}

const FOREVER = 0xffff_ffff;

function addRequest(spec: AddrSpec, flags: number): Request {
  const { family, address, length } = parsePrefix(spec.address);
  const addrFlags = (spec.nodad ? IFA_F.NODAD : 0) | (spec.noPrefixRoute ? IFA_F.NOPREFIXROUTE : 0);
  const { validSec, preferredSec } = spec;
  return change(
    newAddr,
    {
      header: {
        family,
        prefixLength: length,
        flags: addrFlags & 0xff,
        scope: spec.scope ?? (address.startsWith("127.") ? RT_SCOPE.HOST : RT_SCOPE.UNIVERSE),
        index: spec.link,
      },
      attrs: {
        local: address,
        address: spec.peer ?? address,
        broadcast: spec.broadcast,
        label: spec.label,
        flags: addrFlags > 0xff ? addrFlags : undefined,
        priority: spec.priority,
        cacheInfo:
          validSec === undefined && preferredSec === undefined
            ? undefined
            : { valid: validSec ?? FOREVER, preferred: preferredSec ?? validSec ?? FOREVER },
      },
    },
    flags,
    `${spec.address} on #${spec.link}`,
  );
}

function deleteRequest(link: number, text: string): Request {
  const { family, address, length } = parsePrefix(text);
  const value = { header: { family, prefixLength: length, index: link }, attrs: { local: address } };
  return change(delAddr, value, 0, `${text} on #${link}`);
}

const seconds = (value: number | undefined): number | undefined => (value === FOREVER ? undefined : value);

export function toAddr({ header, attrs }: MessageOf<typeof newAddr>): Addr {
  const flags = attrs.flags ?? header.flags;
  const own = ownAddress(attrs);
  return {
    link: header.index,
    family: header.family === AF.INET ? 4 : 6,
    address: own,
    prefixLen: header.prefixLength,
    peer: attrs.address === own ? undefined : attrs.address,
    broadcast: attrs.broadcast,
    label: attrs.label,
    scope: header.scope,
    flags,
    tentative: (flags & IFA_F.TENTATIVE) !== 0,
    dadFailed: (flags & IFA_F.DADFAILED) !== 0,
    deprecated: (flags & IFA_F.DEPRECATED) !== 0,
    validSec: seconds(attrs.cacheInfo?.valid),
    preferredSec: seconds(attrs.cacheInfo?.preferred),
    attrs,
  };
}

/** IPv6 names its own address `address` unless there is a peer. */
const ownAddress = (attrs: AddrAttrs): string => attrs.local ?? attrs.address ?? "";
