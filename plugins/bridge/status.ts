import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { StatusRequest } from "../../src/cni/types.ts";
import { masquerade } from "../../src/plugin/nat/masquerade.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { BridgeConf } from "./config.ts";
import { findBridge } from "./device.ts";
import { spoofCheck } from "./spoof-check.ts";

/** STATUS: fails only for what no retry heals. */
export async function status(req: StatusRequest<BridgeConf>, { host, ipam }: PluginContext): Promise<void> {
  const { conf } = req;
  try {
    await findBridge(host, conf.bridge);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new CniError(CNI_CODE.PLUGIN_NOT_AVAILABLE, error.message, error.details, { cause: error });
  }
  if (conf.ipMasq) await masquerade.status(host);
  if (conf.macSpoofCheck) await spoofCheck.status(host);
  if (conf.ipamType !== undefined) await ipam.of(conf.ipamType).status(req);
}
