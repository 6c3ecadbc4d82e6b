import { attrs, cstring, type Infer, ip, message, s32, struct, u8, u32 } from "../wire/index.ts";
import { IFA } from "./addr.const.ts";
import { RTM } from "./constants.ts";

/** `struct ifaddrmsg`, linux/if_addr.h. */
export const ifaddrmsg = struct({ family: u8, prefixLength: u8, flags: u8, scope: u8, index: u32 });

export const addrAttrs = attrs({
  /** On a point-to-point link the peer's; else the same as `local`. IPv6 has only this one, unless there is a peer. */
  address: [IFA.ADDRESS, ip],
  local: [IFA.LOCAL, ip],
  label: [IFA.LABEL, cstring],
  broadcast: [IFA.BROADCAST, ip],
  anycast: [IFA.ANYCAST, ip],
  multicast: [IFA.MULTICAST, ip],
  /** Lifetimes in seconds, 0xffffffff for ever; times of creation and change in hundredths of a second. */
  cacheInfo: [IFA.CACHEINFO, struct({ preferred: u32, valid: u32, created: u32, updated: u32 })],
  /** IFA_F_*; counts instead of the header's eight bits. */
  flags: [IFA.FLAGS, u32],
  /** Metric of the prefix route. */
  priority: [IFA.RT_PRIORITY, u32],
  targetNetnsId: [IFA.TARGET_NETNSID, s32],
  proto: [IFA.PROTO, u8],
});

export const newAddr = message([RTM.NEWADDR, "RTM_NEWADDR"], ifaddrmsg, addrAttrs);
export const delAddr = message([RTM.DELADDR, "RTM_DELADDR"], ifaddrmsg, addrAttrs);
/** A dump; with NETLINK_GET_STRICT_CHK only of link `header.index`, if that is not 0. */
export const getAddr = message([RTM.GETADDR, "RTM_GETADDR"], ifaddrmsg, addrAttrs);
export type AddrAttrs = Infer<typeof addrAttrs>;
