import { fields } from "../../src/cni/keys.ts";
import type { NetworkConfig } from "../../src/cni/types.ts";
import { type OverlayConf, parseOverlay } from "../../src/plugin/overlay/config.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { bridgeConfig, type Share } from "./on-bridge.ts";

/** A checked vxlan configuration. */
export interface VxlanConf extends NetworkConfig {
  readonly overlay: OverlayConf;
  readonly lenient: boolean;
}

/** Keys of the bridge plugin that would cut the container off. */
const NOT_HERE = ["vlan", "vlanTrunk", "disableContainerInterface"];

const NOTHING: Share = { mtu: 0, subnets: [] };

export function parse(conf: NetworkConfig, how: { lenient: boolean }, bridge: Plugin): VxlanConf {
  const overlay = parseOverlay(conf, how);
  const f = fields(conf.raw, "", how.lenient);
  for (const key of how.lenient ? [] : NOT_HERE)
    if (f.value(key)) throw f.wrong(key, "nothing, for an overlay routes between hosts");
  // Its keys too are looked at before anything is done.
  bridge.parse(bridgeConfig(conf, overlay, NOTHING, how), how);
  return { ...conf, overlay, lenient: how.lenient };
}
