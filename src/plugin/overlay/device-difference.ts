import { type Cidr, formatIp, ipBits, networkIp } from "../../ip/index.ts";
import type { Addr } from "../../kernel/addr.ts";
import type { Link, LinkChanges } from "../../kernel/link.ts";
import { RT_SCOPE } from "../../netlink/rtnl/route.const.ts";
import { localOf, overlayMark, vxlanOf } from "./mark.ts";
import type { OverlayPlan } from "./plan.ts";

/** What of a device is not as planned. */
export interface DeviceDifference {
  /** Something that cannot be changed while it stands. */
  readonly remake: boolean;
  readonly changes: LinkChanges;
  /** Of the kind, all that a standing device takes; absent when they are right. */
  readonly settings: Omit<ReturnType<typeof vxlanSettings>, "port"> | undefined;
  /** Addresses with their length. */
  readonly surplus: readonly string[];
  readonly missing: readonly string[];
  /** Each difference: `mtu 1400, not 1450`. Empty when there is none. */
  readonly texts: readonly string[];
}

/** `ip link add … type vxlan id N local A dev D dstport P nolearning df set`. */
export function vxlanSettings({ vni, port, underlay: { local, link } }: OverlayPlan) {
  const address = local.family === 4 ? { local: formatIp(local) } : { local6: formatIp(local) };
  return { vni, ...address, link: link.index, port, learning: 0, df: "set" } as const;
}

/** The device's own addresses: the first address of this host's first subnet of each family, which packets of the host itself have. */
export const innerAddresses = (subnets: readonly Cidr[]): string[] =>
  gatewaysOf(subnets).map((ip) => `${formatIp(ip)}/${ipBits(ip.family)}`);

/** By which addresses a host's VTEP is known inside the overlay: one for each family it has subnets of. */
export function gatewaysOf(subnets: readonly Cidr[]) {
  return ([4, 6] as const).flatMap((family) => {
    const first = subnets.find(({ ip }) => ip.family === family);
    return first ? [networkIp(first)] : [];
  });
}

/** Compares a VXLAN link and its addresses with the plan. */
export function deviceDifferences(link: Link, addresses: readonly Addr[], plan: OverlayPlan): DeviceDifference {
  const data = vxlanOf(link) ?? {};
  const wanted = vxlanSettings(plan);
  // The kernel refuses a port here, be it the same.
  const { port, ...changeable } = wanted;
  const texts: string[] = [];
  const differs = (what: string, have: unknown, want: unknown): boolean => {
    if (have === want) return false;
    texts.push(`${what} ${have ?? "none"}, not ${want}`);
    return true;
  };
  // Another family has another socket.
  const family = data.local6 === undefined ? 4 : 6;
  const fixed = [
    differs("port", data.port, port),
    differs("vni", data.vni, wanted.vni),
    differs("underlay family", family, plan.underlay.local.family),
    differs("mode", data.collectMetadata || data.gbp || data.gpe ? "external, gbp or gpe" : "plain", "plain"),
  ];
  const own = formatIp(plan.underlay.local);
  const settings = [
    differs("local", localOf(link), own),
    differs("dev", data.link, wanted.link),
    differs("learning", data.learning, wanted.learning),
    differs("df", data.df, wanted.df),
  ];
  const changes: LinkChanges = {
    ...(differs("mtu", link.mtu, plan.mtu) && { mtu: plan.mtu }),
    ...(differs("mac", link.mac, plan.mac) && { address: plan.mac }),
    ...(link.alias !== overlayMark(plan.network) && { alias: overlayMark(plan.network) }),
  };
  if (changes.alias !== undefined) texts.push("mark missing");
  differs("state", link.up ? "up" : "down", "up");
  const present = addresses.filter((a) => a.scope === RT_SCOPE.UNIVERSE).map((a) => `${a.address}/${a.prefixLen}`);
  const inner = innerAddresses(plan.subnets);
  const surplus = present.filter((address) => !inner.includes(address));
  const missing = inner.filter((address) => !present.includes(address));
  texts.push(...surplus.map((address) => `address ${address} too many`), ...missing.map((a) => `address ${a} missing`));
  return {
    remake: fixed.includes(true),
    changes,
    settings: settings.includes(true) ? changeable : undefined,
    surplus,
    missing,
    texts,
  };
}
