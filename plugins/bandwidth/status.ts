import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { StatusRequest } from "../../src/cni/types.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { BandwidthConf } from "./config.ts";

/** No interface can have it: a group's. */
const IMPOSSIBLE_MAC = "01:00:00:00:00:00";

/**
 * STATUS: code 50 when the kernel makes no IFBs. It is asked for one with an address that no interface can have: which of
 * the two it refuses tells, and nothing is made.
 */
export async function status(_req: StatusRequest<BandwidthConf>, { host }: PluginContext): Promise<void> {
  try {
    await host.link.add({ name: "bwp-probe", address: IMPOSSIBLE_MAC, info: { kind: "ifb" } });
  } catch (error) {
    if (isNetlinkError(error, "EADDRNOTAVAIL")) return;
    if (!isNetlinkError(error, "EOPNOTSUPP")) throw error;
    throw new CniError(
      CNI_CODE.PLUGIN_NOT_AVAILABLE,
      "this kernel has no links of kind ifb, by which traffic from containers is limited",
      `${error.message}\nload the module ifb (and sch_tbf, cls_u32, act_mirred)`,
      { cause: error },
    );
  }
}
