import { CniError } from "../../src/cni/errors.ts";
import { fields } from "../../src/cni/keys.ts";
import type { JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { type Cidr, formatCidr, networkCidr, parseCidr } from "../../src/ip/index.ts";
import type { OverlayConf } from "../../src/plugin/overlay/config.ts";
import type { Files } from "../../src/plugin/overlay/files.ts";
import { ownShare } from "../../src/plugin/overlay/plan.ts";
import type { Plugin, PluginContext } from "../../src/plugin/plugin.ts";
import type { VxlanConf } from "./config.ts";

/** What a host has of the overlay, as its bridge needs it. */
export interface Share {
  /** 0 leaves it to the kernel. */
  readonly mtu: number;
  readonly subnets: readonly Cidr[];
}

/**
 * The config under which the bridge plugin does its part: the same network and keys, but bridge, MTU and gateway as the
 * overlay has them, and addresses from this host's subnets where `ipam` names none. Masquerading is the overlay's.
 */
export function bridgeConfig(
  conf: NetworkConfig,
  overlay: OverlayConf,
  { mtu, subnets }: Share,
  { lenient }: { lenient: boolean },
): NetworkConfig {
  const keys: JsonObject = {
    bridge: overlay.bridge,
    mtu,
    isGateway: true,
    isDefaultGateway: true,
    ipMasq: false,
    ipam: ipamConfig(conf, subnets, lenient),
  };
  const replaced = new Set(Object.keys(keys).map((key) => key.toLowerCase()));
  const others = Object.entries(conf.raw).filter(([key]) => !replaced.has(key.toLowerCase()));
  return { ...conf, raw: { ...Object.fromEntries(others), ...keys } };
}

const DEFAULT_IPAM = "host-local";

/** host-local gets this host's subnets, a range set for each family, unless ranges are given to it. */
function ipamConfig(conf: NetworkConfig, subnets: readonly Cidr[], lenient: boolean): JsonObject {
  const f = fields(conf.raw, "", lenient);
  const ipam = f.object("ipam");
  const type = ipam?.string("type") || DEFAULT_IPAM;
  const given = { ...ipam?.raw, type };
  const hasRanges =
    ipam?.value("ranges") !== undefined ||
    ipam?.value("subnet") !== undefined ||
    f.object("runtimeConfig")?.value("ipRanges") !== undefined;
  if (type !== DEFAULT_IPAM || hasRanges) return given;
  const sets = ([4, 6] as const).map((family) =>
    subnets.filter(({ ip }) => ip.family === family).map((subnet) => ({ subnet: formatCidr(subnet) })),
  );
  return { ...given, ranges: sets.filter((set) => set.length > 0) };
}

/** The bridge plugin's config and surroundings for one call. */
export function onBridge(
  conf: VxlanConf,
  ctx: PluginContext,
  bridge: Plugin,
  share: Share,
): { conf: unknown; ctx: PluginContext } {
  const { lenient, overlay, ...net } = conf;
  const inner = bridgeConfig(net, overlay, share, { lenient });
  return {
    conf: bridge.parse(inner, { lenient }),
    // An executed IPAM plugin has to see the ranges.
    ctx: { ...ctx, ipam: { of: (type) => ctx.ipam.of(type, inner.raw) } },
  };
}

/** What can still be said of the host's share when it is cleaned up: where files are gone, what ADD's addresses tell. */
export function shareForCleanUp({ overlay, prevResult }: VxlanConf, files: Files, cwd: string | undefined): Share {
  let subnets: readonly Cidr[] = [];
  try {
    subnets = ownShare(overlay, files, cwd).subnets;
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
  }
  if (subnets.length > 0) return { mtu: 0, subnets };
  const prefixes = (prevResult?.ips ?? []).flatMap(({ address }) => parseCidr(address) ?? []);
  return { mtu: 0, subnets: prefixes.map(networkCidr) };
}
