import { BRIDGE_FLAGS, BRIDGE_VLAN_INFO } from "../netlink/rtnl/bridge-vlan.const.ts";
import {
  type BridgeAfSpec,
  delBridgeLink,
  getBridgeLink,
  newBridgeLink,
  setBridgeLink,
} from "../netlink/rtnl/bridge-vlan.ts";
import { AF } from "../netlink/rtnl/constants.ts";
import type { BridgePort } from "../netlink/rtnl/kinds/bridge-port.ts";
import { RTEXT_FILTER } from "../netlink/rtnl/link.const.ts";
import { change, type Request } from "../netlink/socket/index.ts";
import type { KernelContext } from "./context.ts";

/** `bridge link set`; absent leaves as is. */
export interface BridgePortChanges {
  /** Frames may leave through the port they came in. */
  hairpin?: boolean | undefined;
  /** Isolated ports do not reach each other. */
  isolated?: boolean | undefined;
  learning?: boolean | undefined;
  unicastFlood?: boolean | undefined;
  mcastFlood?: boolean | undefined;
  bcastFlood?: boolean | undefined;
  neighSuppress?: boolean | undefined;
  guard?: boolean | undefined;
  /** Spanning tree path cost. */
  cost?: number | undefined;
  priority?: number | undefined;
}

export interface BridgeVlan {
  /** 1..4094. */
  vid: number;
  /** Last of a range that begins at `vid`. */
  end?: number | undefined;
  /** Frames that come in untagged belong to it. */
  pvid?: boolean | undefined;
  /** Leaves the port untagged. */
  untagged?: boolean | undefined;
}

/** Whose VLANs: those of the bridge's port (the bridge keeps them), or the bridge's own. */
export type VlansOf = "port" | "self";

export interface BridgePortVerbs {
  setBridgePort(index: number, changes: BridgePortChanges): Promise<void>;
  /** VLANs of a port of a bridge, or of the bridge itself, each of a range on its own: `bridge vlan show`. */
  bridgeVlans(index: number): Promise<BridgeVlan[]>;
  /** The same of every bridge and port that has any, by index of the link. */
  allBridgeVlans(): Promise<Map<number, BridgeVlan[]>>;
  /** @param of "self" when `index` is the bridge itself. NetlinkError EOPNOTSUPP when it is neither, or without filtering. */
  addBridgeVlans(index: number, vlans: readonly BridgeVlan[], of?: VlansOf): Promise<void>;
  delBridgeVlans(index: number, vlans: readonly BridgeVlan[], of?: VlansOf): Promise<void>;
  /** The port gets these VLANs and loses all others. */
  setBridgeVlans(index: number, vlans: readonly BridgeVlan[], of?: VlansOf): Promise<void>;
}

export function bridgePortVerbs(ctx: KernelContext): BridgePortVerbs {
  async function allBridgeVlans(): Promise<Map<number, BridgeVlan[]>> {
    const ports = await ctx
      .route()
      .dump(
        getBridgeLink,
        { header: { family: AF.BRIDGE }, attrs: { extMask: RTEXT_FILTER.BRVLAN_COMPRESSED } },
        newBridgeLink,
      );
    const found = new Map<number, BridgeVlan[]>();
    // A bridge is listed as port of itself.
    for (const { header, attrs } of ports) {
      const vlans = toVlans(attrs.afSpec ?? []);
      if (vlans.length > 0 && !found.has(header.index)) found.set(header.index, vlans);
    }
    return found;
  }
  const bridgeVlans = async (index: number): Promise<BridgeVlan[]> => (await allBridgeVlans()).get(index) ?? [];
  const send = (...requests: Request[]): Promise<void> =>
    requests.length === 0 ? Promise.resolve() : ctx.route().commit(...requests);

  return {
    setBridgePort: (index, changes) => send(portRequest(index, changes)),
    bridgeVlans,
    allBridgeVlans,
    addBridgeVlans: (index, vlans, of) => send(...vlans.map((v) => vlanRequest(setBridgeLink, index, v, of))),
    delBridgeVlans: (index, vlans, of) => send(...vlans.map((v) => vlanRequest(delBridgeLink, index, v, of))),
    async setBridgeVlans(index, vlans, of) {
      const surplus = without(await bridgeVlans(index), vlans);
      await send(
        ...surplus.map((v) => vlanRequest(delBridgeLink, index, v, of)),
        ...vlans.map((v) => vlanRequest(setBridgeLink, index, v, of)),
      );
    },
  };
}

const bit = (value: boolean | undefined): number | undefined => (value === undefined ? undefined : Number(value));

function portRequest(index: number, changes: BridgePortChanges): Request {
  const port: BridgePort = {
    hairpin: bit(changes.hairpin),
    isolated: bit(changes.isolated),
    learning: bit(changes.learning),
    unicastFlood: bit(changes.unicastFlood),
    mcastFlood: bit(changes.mcastFlood),
    bcastFlood: bit(changes.bcastFlood),
    neighSuppress: bit(changes.neighSuppress),
    guard: bit(changes.guard),
    cost: changes.cost,
    priority: changes.priority,
  };
  return change(setBridgeLink, { header: { family: AF.BRIDGE, index }, attrs: { port } }, 0, `#${index}`);
}

/** One message for each VLAN or range: what `bridge vlan add` sends. */
function vlanRequest(schema: typeof setBridgeLink, index: number, vlan: BridgeVlan, of: VlansOf = "port"): Request {
  const flags = (vlan.pvid ? BRIDGE_VLAN_INFO.PVID : 0) | (vlan.untagged ? BRIDGE_VLAN_INFO.UNTAGGED : 0);
  const { vid, end = vid } = vlan;
  const vlans =
    end === vid
      ? [{ vlan: { flags, vid } }]
      : [
          { vlan: { flags: flags | BRIDGE_VLAN_INFO.RANGE_BEGIN, vid } },
          { vlan: { flags: flags | BRIDGE_VLAN_INFO.RANGE_END, vid: end } },
        ];
  const value = {
    header: { family: AF.BRIDGE, index },
    attrs: { afSpec: of === "self" ? [{ flags: BRIDGE_FLAGS.SELF }, ...vlans] : vlans },
  };
  return change(schema, value, 0, `#${index} vlan ${end === vid ? vid : `${vid}-${end}`}`);
}

function toVlans(afSpec: BridgeAfSpec): BridgeVlan[] {
  const found: BridgeVlan[] = [];
  let begin = 0;
  for (const { vlan } of afSpec) {
    if (!vlan) continue;
    if (vlan.flags & BRIDGE_VLAN_INFO.RANGE_BEGIN) {
      begin = vlan.vid;
      continue;
    }
    const first = vlan.flags & BRIDGE_VLAN_INFO.RANGE_END ? begin : vlan.vid;
    for (let vid = first; vid <= vlan.vid; vid++)
      found.push({
        vid,
        ...(vlan.flags & BRIDGE_VLAN_INFO.PVID ? { pvid: true } : {}),
        ...(vlan.flags & BRIDGE_VLAN_INFO.UNTAGGED ? { untagged: true } : {}),
      });
  }
  return found;
}

/** The VLANs of `present` that `wanted` has not, as ranges. */
function without(present: readonly BridgeVlan[], wanted: readonly BridgeVlan[]): BridgeVlan[] {
  const ranges: { vid: number; end: number }[] = [];
  for (const { vid } of present) {
    if (wanted.some((w) => w.vid <= vid && vid <= (w.end ?? w.vid))) continue;
    const last = ranges.at(-1);
    if (last && last.end === vid - 1) last.end = vid;
    else ranges.push({ vid, end: vid });
  }
  return ranges;
}
