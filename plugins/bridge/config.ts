import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { type Fields, fields } from "../../src/cni/keys.ts";
import type { CniDns, NetworkConfig } from "../../src/cni/types.ts";
import { configDns } from "../../src/plugin/dns.ts";
import { configuredMac } from "../../src/plugin/requested-mac.ts";

/** VLANs of the container's port. */
export interface PortVlans {
  /** Untagged VLAN of the port (PVID); 0 is off. */
  pvid: number;
  /** Ranges that pass tagged, both ends included. */
  trunk: { min: number; max: number }[];
  /** Keep VLAN 1, which the kernel gives each port. */
  keepDefault: boolean;
}

/** A checked bridge configuration. */
export interface BridgeConf extends NetworkConfig {
  bridge: string;
  isGateway: boolean;
  isDefaultGateway: boolean;
  forceAddress: boolean;
  ipMasq: boolean;
  /** Bytes; 0 leaves it to the kernel. */
  mtu: number;
  hairpin: boolean;
  promisc: boolean;
  vlans: PortVlans;
  macSpoofCheck: boolean;
  dad: boolean;
  /** Leave the container's end down. */
  containerDown: boolean;
  isolated: boolean;
  /** Absent: a layer-2 network. */
  ipamType: string | undefined;
  /** Replaces what IPAM says; absent when the config has none. */
  dns: CniDns | undefined;
  /** The runtime's, or that of `args.cni`; CNI_ARGS are looked at per request. */
  mac: string | undefined;
}

const DEFAULT_BRIDGE = "cni0";
const MAX_VLAN = 4094;
/** `ETH_MIN_MTU`, linux/if_ether.h. */
const MIN_MTU = 68;
/** `IP_MAX_MTU` of the kernel; a bridge takes up to 65535. */
const MAX_MTU = 65_535;

export function parse(conf: NetworkConfig, { lenient }: { lenient: boolean }): BridgeConf {
  const f = fields(conf.raw, "", lenient);
  const isDefaultGateway = f.bool("isDefaultGateway") ?? false;
  const parsed: BridgeConf = {
    ...conf,
    bridge: bridgeName(f, lenient),
    isGateway: isDefaultGateway || (f.bool("isGateway") ?? false),
    isDefaultGateway,
    forceAddress: f.bool("forceAddress") ?? false,
    ipMasq: f.bool("ipMasq") ?? false,
    mtu: f.int("mtu", { min: 0, max: MAX_MTU }) ?? 0,
    hairpin: f.bool("hairpinMode") ?? false,
    promisc: f.bool("promiscMode") ?? false,
    vlans: {
      pvid: f.int("vlan", { min: 0, max: MAX_VLAN }) ?? 0,
      trunk: lenient ? [] : parseTrunk(f),
      keepDefault: f.bool("preserveDefaultVlan") ?? false,
    },
    macSpoofCheck: f.bool("macspoofchk") ?? false,
    dad: f.bool("enabledad") ?? false,
    containerDown: f.bool("disableContainerInterface") ?? false,
    isolated: f.bool("portIsolation") ?? false,
    ipamType: f.object("ipam")?.string("type") || undefined,
    dns: configDns(f),
    mac: configuredMac(f, lenient),
  };
  f.string("ipMasqBackend");
  if (!lenient) refuseConflicts(f, parsed);
  return parsed;
}

function bridgeName(f: Fields, lenient: boolean): string {
  const name = f.string("bridge") || DEFAULT_BRIDGE;
  const fits = new TextEncoder().encode(name).length <= 15 && name.isWellFormed();
  // The kernel would put a number for %d, and has settings of all interfaces by the two words.
  if (fits && !/[/:%\s\0]|^(\.\.?|all|default)$/.test(name)) return name;
  if (lenient) return DEFAULT_BRIDGE;
  throw f.wrong("bridge", "an interface name of 1 to 15 bytes without /, :, % and white space");
}

function refuseConflicts(f: Fields, conf: BridgeConf): void {
  if (conf.mtu !== 0 && conf.mtu < MIN_MTU) throw f.wrong("mtu", `0, or an integer from ${MIN_MTU} to ${MAX_MTU}`);
  const backend = f.string("ipMasqBackend");
  if (backend !== undefined && backend !== "" && backend !== "iptables" && backend !== "nftables")
    throw f.wrong("ipMasqBackend", '"iptables" or "nftables"');
  if (conf.hairpin && conf.promisc)
    throw conflict("hairpinMode", "promiscMode", "a promiscuous bridge already sends frames back through their port");
  if (conf.containerDown && conf.ipamType !== undefined)
    throw conflict("disableContainerInterface", "ipam", "an interface that stays down cannot have addresses");
}

function conflict(one: string, other: string, why: string): CniError {
  return new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    `keys "${one}" and "${other}" exclude each other`,
    `${why}; remove one of them`,
  );
}

function parseTrunk(f: Fields): { min: number; max: number }[] {
  const ranges: { min: number; max: number }[] = [];
  for (const item of f.objects("vlanTrunk") ?? []) {
    const id = item.int("id", { min: 1, max: MAX_VLAN });
    const min = item.int("minID", { min: 1, max: MAX_VLAN });
    const max = item.int("maxID", { min: 1, max: MAX_VLAN });
    if (id !== undefined) ranges.push({ min: id, max: id });
    if (min === undefined && max === undefined) {
      if (id === undefined) throw f.wrong("vlanTrunk", "id, or minID with maxID, in each entry");
      continue;
    }
    if (min === undefined || max === undefined)
      throw item.wrong(min === undefined ? "minID" : "maxID", "both minID and maxID");
    if (max < min) throw item.wrong("maxID", `at least minID (${min})`);
    ranges.push({ min, max });
  }
  return ranges;
}
