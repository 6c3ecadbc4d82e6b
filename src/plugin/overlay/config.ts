import { CniError } from "../../cni/errors.ts";
import { type Fields, fields } from "../../cni/keys.ts";
import type { NetworkConfig } from "../../cni/types.ts";
import { validateIfName } from "../../cni/validate.ts";
import { type Cidr, type Ip, parseIp } from "../../ip/index.ts";
import { addressProblem, MAX_MTU, type Peer, parsePeer, parseSubnets } from "./peer.ts";
import { bridgeName, DEFAULT_PORT, MAX_VNI } from "./vtep.ts";

/** What a network's config says of its overlay: the keys of plugins/vxlan/README.md. */
export interface OverlayConf {
  readonly network: string;
  /** 0 where DEL or GC read a config that has none of use. */
  readonly vni: number;
  /** UDP. */
  readonly port: number;
  /** The underlay's link; absent: that of `local`, or of the default route. */
  readonly dev: string | undefined;
  /** This host's address in the underlay; absent: the first of `dev`. */
  readonly local: Ip | undefined;
  /** Bytes; 0 is the largest that fits. */
  readonly mtu: number;
  readonly bridge: string;
  /** A plain route where a peer is on the same link. */
  readonly directRouting: boolean;
  readonly peers: readonly Peer[];
  readonly peersDir: string | undefined;
  /** This host's own. */
  readonly subnets: readonly Cidr[];
  readonly subnetFile: string | undefined;
  readonly ipMasq: boolean;
}

/** `ETH_MIN_MTU`, linux/if_ether.h. */
const MIN_MTU = 68;
/** More hosts than a routed overlay of one level is good for. */
export const MAX_PEERS = 10_000;

/** Throws CniError 7 for a value that cannot be; `lenient` reads past it, for DEL and GC. */
export function parseOverlay(conf: NetworkConfig, { lenient }: { lenient: boolean }): OverlayConf {
  const f = fields(conf.raw, "", lenient);
  const vni = f.int("vni", { min: 1, max: MAX_VNI });
  if (vni === undefined && !lenient) throw f.wrong("vni", `an integer from 1 to ${MAX_VNI}, the same on every host`);
  const mtu = f.int("mtu", { min: 0, max: MAX_MTU }) ?? 0;
  if (mtu !== 0 && mtu < MIN_MTU && !lenient) throw f.wrong("mtu", `0, or an integer from ${MIN_MTU} to ${MAX_MTU}`);
  const entries = f.objects("peers") ?? [];
  if (entries.length > MAX_PEERS && !lenient) throw f.wrong("peers", `at most ${MAX_PEERS} hosts`);
  return {
    network: conf.name,
    vni: vni ?? 0,
    port: f.int("port", { min: 1, max: 65_535 }) ?? DEFAULT_PORT,
    dev: linkName(f, "dev", lenient),
    local: localAddress(f, lenient),
    mtu,
    bridge: linkName(f, "bridge", lenient) ?? bridgeName(vni ?? 0),
    directRouting: f.bool("directRouting") ?? false,
    // DEL and GC do not ask who the others are.
    peers: lenient ? [] : entries.map((entry) => parsePeer(entry, entry.path)),
    peersDir: f.string("peersDir") || undefined,
    subnets: parseSubnets(f, lenient),
    subnetFile: f.string("subnetFile") || undefined,
    ipMasq: f.bool("ipMasq") ?? false,
  };
}

function linkName(f: Fields, key: string, lenient: boolean): string | undefined {
  const name = f.string(key) ?? "";
  if (name === "") return undefined;
  try {
    validateIfName(name);
    if (name.isWellFormed() && !name.includes("\0")) return name;
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
  }
  if (lenient) return undefined;
  throw f.wrong(key, "an interface name of 1 to 15 bytes without /, :, % and white space");
}

function localAddress(f: Fields, lenient: boolean): Ip | undefined {
  const text = f.string("local") ?? "";
  if (text === "") return undefined;
  const ip = parseIp(text);
  if (ip !== undefined && addressProblem(ip) === undefined) return ip;
  if (lenient) return undefined;
  throw f.wrong("local", "an IP address of this host that the others can reach");
}
