import { type Fields, fields } from "../../src/cni/keys.ts";
import type { CniDns, NetworkConfig } from "../../src/cni/types.ts";
import { configDns } from "../../src/plugin/dns.ts";
import { configuredMac, macOfKey } from "../../src/plugin/requested-mac.ts";

/** How the links of one parent reach each other. */
export const MODES = ["bridge", "private", "vepa", "passthru"] as const;
export type Mode = (typeof MODES)[number];

/** A checked macvlan configuration. */
export interface MacvlanConf extends NetworkConfig {
  /** Name of the parent; absent is the interface of the default route. */
  master: string | undefined;
  /** The parent is looked for in the container's namespace. */
  linkInContainer: boolean;
  mode: Mode;
  /** Bytes; 0 takes the parent's. */
  mtu: number;
  /** Broadcast packets that may wait on the parent; 0 leaves it to the kernel. */
  bcQueueLen: number;
  dad: boolean;
  /** The runtime's, or that of `args.cni`. */
  mac: string | undefined;
  /** Key `mac`: CNI_ARGS count before it. */
  ownMac: string | undefined;
  /** Absent: a layer-2 network. */
  ipamType: string | undefined;
  /** Replaces what IPAM says; absent when the config has none. */
  dns: CniDns | undefined;
}

/** `ETH_MIN_MTU`, linux/if_ether.h. */
const MIN_MTU = 68;
const MAX_MTU = 65_535;
/** ALTIFNAMSIZ of linux/if.h less the NUL: alternative names count as well. */
const MAX_NAME = 127;

export function parse(conf: NetworkConfig, { lenient }: { lenient: boolean }): MacvlanConf {
  const f = fields(conf.raw, "", lenient);
  const mtu = f.int("mtu", { min: 0, max: MAX_MTU }) ?? 0;
  if (mtu !== 0 && mtu < MIN_MTU && !lenient) throw f.wrong("mtu", `0, or an integer from ${MIN_MTU} to ${MAX_MTU}`);
  return {
    ...conf,
    master: masterName(f, lenient),
    linkInContainer: f.bool("linkInContainer") ?? false,
    mode: modeOf(f, lenient),
    mtu,
    bcQueueLen: f.int("bcqueuelen", { min: 0, max: 0xffff_ffff }) ?? 0,
    dad: f.bool("enabledad") ?? false,
    mac: configuredMac(f, lenient),
    ownMac: macOfKey(f, "mac", lenient),
    ipamType: f.object("ipam")?.string("type") || undefined,
    dns: configDns(f),
  };
}

function masterName(f: Fields, lenient: boolean): string | undefined {
  const name = f.string("master") || undefined;
  if (name === undefined || lenient) return name;
  if (name.length > MAX_NAME || !name.isWellFormed() || /[/\s\0]|^\.\.?$/.test(name))
    throw f.wrong("master", "the name of an interface");
  return name;
}

function modeOf(f: Fields, lenient: boolean): Mode {
  const text = f.string("mode") || "bridge";
  const mode = MODES.find((known) => known === text);
  if (mode === undefined && !lenient) throw f.wrong("mode", MODES.map((known) => `"${known}"`).join(", "));
  return mode ?? "bridge";
}
