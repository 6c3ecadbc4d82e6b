import type { Addr } from "../../kernel/addr.ts";
import type { Link } from "../../kernel/link.ts";
import { IFA_F } from "../../netlink/rtnl/addr.const.ts";
import { linkHead } from "./link.ts";
import { type Form, type LinkNames, scopeName } from "./names.ts";

const FOREVER = 0xffff_ffff;

/** Flags in words, as `ip addr` has them; that it is not permanent is `dynamic`. */
export function addrFlags({ family, flags }: Addr): string[] {
  const words: string[] = [];
  const put = (bit: number, word: string): void => {
    if ((flags & bit) !== 0) words.push(word);
  };
  put(IFA_F.SECONDARY, family === 6 ? "temporary" : "secondary");
  put(IFA_F.NODAD, "nodad");
  put(IFA_F.OPTIMISTIC, "optimistic");
  put(IFA_F.DADFAILED, "dadfailed");
  put(IFA_F.HOMEADDRESS, "home");
  put(IFA_F.DEPRECATED, "deprecated");
  put(IFA_F.TENTATIVE, "tentative");
  if ((flags & IFA_F.PERMANENT) === 0) words.push("dynamic");
  put(IFA_F.MANAGETEMPADDR, "mngtmpaddr");
  put(IFA_F.NOPREFIXROUTE, "noprefixroute");
  put(IFA_F.MCAUTOJOIN, "autojoin");
  put(IFA_F.STABLE_PRIVACY, "stable-privacy");
  return words;
}

export function addrInfo(addr: Addr): Form {
  return {
    family: addr.family === 4 ? "inet" : "inet6",
    local: addr.address,
    address: addr.peer,
    prefixlen: addr.prefixLen,
    metric: addr.attrs.priority || undefined,
    broadcast: addr.broadcast,
    scope: scopeName(addr.scope),
    ...Object.fromEntries(addrFlags(addr).map((word) => [word, true])),
    label: addr.label,
    valid_life_time: addr.validSec ?? FOREVER,
    preferred_life_time: addr.preferredSec ?? FOREVER,
  };
}

/** `ip -j addr`: every link, with its addresses. */
export function addrForms(links: readonly Link[], addrs: readonly Addr[], nameOf: LinkNames): Form[] {
  const byLink = Map.groupBy(addrs, (addr) => addr.link);
  return links.map((link) => ({ ...linkHead(link, nameOf), addr_info: (byLink.get(link.index) ?? []).map(addrInfo) }));
}
