import { fields } from "../../src/cni/keys.ts";
import type { CniDns, NetworkConfig } from "../../src/cni/types.ts";
import { configDns } from "../../src/plugin/dns.ts";

/** A checked ptp configuration. */
export interface PtpConf extends NetworkConfig {
  ipMasq: boolean;
  /** Bytes; 0 leaves it to the kernel. */
  mtu: number;
  /** Required; empty only for DEL and GC of a config that lost it. */
  ipamType: string;
  /** Replaces what IPAM says; absent when the config has none. */
  dns: CniDns | undefined;
}

/** `ETH_MIN_MTU`, linux/if_ether.h. */
const MIN_MTU = 68;
const MAX_MTU = 65_535;

export function parse(conf: NetworkConfig, { lenient }: { lenient: boolean }): PtpConf {
  const f = fields(conf.raw, "", lenient);
  const ipam = f.object("ipam");
  const parsed: PtpConf = {
    ...conf,
    ipMasq: f.bool("ipMasq") ?? false,
    mtu: f.int("mtu", { min: 0, max: MAX_MTU }) ?? 0,
    ipamType: ipam?.string("type") ?? "",
    dns: configDns(f),
  };
  const backend = f.string("ipMasqBackend");
  if (lenient) return parsed;
  if (parsed.mtu !== 0 && parsed.mtu < MIN_MTU) throw f.wrong("mtu", `0, or an integer from ${MIN_MTU} to ${MAX_MTU}`);
  if (backend !== undefined && backend !== "" && backend !== "iptables" && backend !== "nftables")
    throw f.wrong("ipMasqBackend", '"iptables" or "nftables"');
  if (parsed.ipamType === "")
    throw ipam
      ? ipam.wrong("type", "the name of an IPAM plugin: a routed link needs addresses")
      : f.wrong("ipam", "an object with a type: a routed link needs addresses");
  return parsed;
}
