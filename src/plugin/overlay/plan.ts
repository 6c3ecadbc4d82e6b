import { resolvePath } from "../../cni/env.ts";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { type Cidr, cidrContains, formatCidr, formatIp, parseIp } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { choosePeers, ownEntry, type Remote } from "./choose-peers.ts";
import type { OverlayConf } from "./config.ts";
import type { Files } from "./files.ts";
import type { PeerProblem } from "./peer.ts";
import { readPeerFiles } from "./peer-files.ts";
import { readSubnetEnv } from "./subnet-env.ts";
import { findUnderlay, overlayMtu, prefixesOf, takenAddresses, type Underlay } from "./underlay.ts";
import { deviceName, vtepMac } from "./vtep.ts";

/** How this host's part of an overlay is to be: config, files and underlay put together. */
export interface OverlayPlan {
  readonly network: string;
  readonly vni: number;
  readonly port: number;
  readonly device: string;
  readonly mac: string;
  readonly mtu: number;
  readonly bridge: string;
  readonly directRouting: boolean;
  readonly underlay: Underlay;
  /** This host's own; the first of each family gives the device's address. */
  readonly subnets: readonly Cidr[];
  readonly remotes: readonly Remote[];
  /** Peers that cannot be used. */
  readonly problems: readonly PeerProblem[];
  /** Every peer file could be read, so a host that is not among them has left. */
  readonly knowsAll: boolean;
}

/** What a plan is made from beside the config. */
export interface Sources {
  readonly host: Kernel;
  readonly files: Files;
  /** Where relative paths of the config start. */
  readonly cwd: string | undefined;
}

/** Reads everything, changes nothing. CniError 7 for what cannot work, 11 for files that are not there yet. */
export async function planOverlay({ host, files, cwd }: Sources, conf: OverlayConf): Promise<OverlayPlan> {
  const { vni } = conf;
  const { subnets: ofConf, mtu: ofFile, key } = ownShare(conf, files, cwd);
  const told =
    conf.peersDir === undefined
      ? { peers: [], problems: [] }
      : readPeerFiles(files, absolute(conf.peersDir, cwd, "peersDir"));
  const peers = [...conf.peers, ...told.peers];
  const underlay = await findUnderlay(host, conf, conf.local?.family ?? peers[0]?.address.family);
  const { local } = underlay;
  const own = ownEntry(peers, local);
  const subnets = ofConf.length > 0 ? ofConf : (own?.subnets ?? []);
  if (subnets.length === 0)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      "this host has no subnets in the overlay",
      `set "subnets" or "subnetFile", or list ${formatIp(local)} among the peers`,
    );
  refuseUnderlayWithin(subnets, underlay);
  const hasInnerIpv6 = subnets.some(({ ip }) => ip.family === 6);
  const mac = own?.mac ?? vtepMac(local, vni);
  const { remotes, problems } = choosePeers(peers, {
    local,
    mac,
    subnets,
    vni,
    prefixes: prefixesOf(underlay),
    taken: takenAddresses(underlay),
  });
  const wantedMtu = conf.mtu || (ofFile ?? own?.mtu ?? 0);
  const toldBy = conf.mtu === 0 && ofFile === undefined && own?.mtu !== undefined ? `${own.from}: "mtu"` : key;
  return {
    network: conf.network,
    vni,
    port: conf.port,
    device: deviceName(vni),
    mac,
    mtu: overlayMtu(underlay, wantedMtu, toldBy, hasInnerIpv6),
    bridge: conf.bridge,
    directRouting: conf.directRouting,
    underlay,
    subnets,
    remotes,
    problems: [...told.problems, ...problems],
    knowsAll: told.problems.length === 0,
  };
}

/** The bridge would have the underlay's addresses, and its containers those of other hosts. */
function refuseUnderlayWithin(subnets: readonly Cidr[], { link, addresses }: Underlay): void {
  for (const subnet of subnets)
    for (const { address } of addresses) {
      const ip = parseIp(address);
      if (ip && cidrContains(subnet, ip))
        throw new CniError(
          CNI_CODE.INVALID_NETWORK_CONFIG,
          `this host's subnet ${formatCidr(subnet)} has the underlay address ${address} of link "${link.name}" in it`,
          "containers need addresses that are nobody's in the underlay",
        );
    }
}

/** The subnets and the MTU that config and `subnetFile` give this host, and where the MTU stands. */
export function ownShare(
  conf: Pick<OverlayConf, "subnets" | "subnetFile" | "mtu">,
  files: Pick<Files, "readFile">,
  cwd: string | undefined,
): { subnets: readonly Cidr[]; mtu: number | undefined; key: string } {
  if (conf.subnetFile === undefined) return { subnets: conf.subnets, mtu: undefined, key: 'key "mtu":' };
  const path = absolute(conf.subnetFile, cwd, "subnetFile");
  const env = readSubnetEnv(files, path);
  return {
    subnets: conf.subnets.length > 0 ? conf.subnets : env.subnets,
    mtu: env.mtu,
    key: conf.mtu === 0 ? `${path}: FLANNEL_MTU` : 'key "mtu":',
  };
}

function absolute(path: string, cwd: string | undefined, key: string): string {
  const resolved = resolvePath(path, cwd);
  if (resolved !== undefined) return resolved;
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    `Cannot resolve ${key} ${JSON.stringify(path)}: it is relative, and the current folder is deleted or unknown`,
    "give an absolute path",
  );
}
