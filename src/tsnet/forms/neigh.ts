import type { Fdb } from "../../kernel/fdb.ts";
import type { BridgeVlan } from "../../kernel/link.ts";
import type { Neigh } from "../../kernel/neigh.ts";
import { NTF, NUD } from "../../netlink/rtnl/neigh.const.ts";
import { type Form, flagNames, type LinkNames, protocolName } from "./names.ts";

const STATES = [
  [NUD.INCOMPLETE, "INCOMPLETE"],
  [NUD.REACHABLE, "REACHABLE"],
  [NUD.STALE, "STALE"],
  [NUD.DELAY, "DELAY"],
  [NUD.PROBE, "PROBE"],
  [NUD.FAILED, "FAILED"],
  [NUD.NOARP, "NOARP"],
  [NUD.PERMANENT, "PERMANENT"],
] as const;

export const neighStates = (state: number): string[] => (state === 0 ? ["NONE"] : flagNames(STATES, state));

const present = (flags: number, bit: number, key: string): Form => ((flags & bit) !== 0 ? { [key]: null } : {});

/** `ip -j neigh`. */
export const neighForm = (neigh: Neigh, nameOf: LinkNames): Form => ({
  dst: neigh.dst,
  dev: nameOf(neigh.link),
  lladdr: neigh.mac || undefined,
  ...present(neigh.flags, NTF.ROUTER, "router"),
  ...present(neigh.flags, NTF.PROXY, "proxy"),
  ...present(neigh.flags, NTF.EXT_LEARNED, "extern_learn"),
  ...present(neigh.flags, NTF.OFFLOADED, "offload"),
  state: neighStates(neigh.state),
  protocol: neigh.attrs.protocol ? protocolName(neigh.attrs.protocol) : undefined,
});

const FDB_FLAGS = [
  [NTF.SELF, "self"],
  [NTF.ROUTER, "router"],
  [NTF.EXT_LEARNED, "extern_learn"],
  [NTF.OFFLOADED, "offload"],
  [NTF.STICKY, "sticky"],
] as const;

/** What `bridge fdb` calls a state; nothing for one that was learned and is fresh. */
export function fdbState(state: number): string {
  if ((state & NUD.PERMANENT) !== 0) return "permanent";
  if ((state & NUD.NOARP) !== 0) return "static";
  if ((state & NUD.STALE) !== 0) return "stale";
  if ((state & NUD.REACHABLE) !== 0) return "";
  return `state=${state.toString(16)}`;
}

/** `bridge -j fdb`. */
export const fdbForm = (entry: Fdb, nameOf: LinkNames): Form => ({
  mac: entry.attrs.lladdr,
  ifname: nameOf(entry.link),
  dst: entry.dst,
  vlan: entry.vlan,
  port: entry.port,
  vni: entry.vni,
  src_vni: entry.srcVni,
  viaIf: entry.via === undefined ? undefined : nameOf(entry.via),
  nhid: entry.nexthopId,
  flags: flagNames(FDB_FLAGS, entry.flags),
  master: entry.master === undefined ? undefined : nameOf(entry.master),
  state: fdbState(entry.state),
});

/** `bridge -j vlan`, a port or bridge. */
export const vlanForm = (index: number, vlans: readonly BridgeVlan[], nameOf: LinkNames): Form => ({
  ifname: nameOf(index),
  vlans: vlans.map(({ vid, pvid, untagged }) => ({
    vlan: vid,
    ...(pvid || untagged ? { flags: [...(pvid ? ["PVID"] : []), ...(untagged ? ["Egress Untagged"] : [])] } : {}),
  })),
});
