import type { StatusRequest } from "../../src/cni/types.ts";
import { masquerade } from "../../src/plugin/nat/masquerade.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { requireForAdd } from "../../src/plugin/ready.ts";
import type { BridgeConf } from "./config.ts";
import { findBridge } from "./device.ts";
import { spoofCheck } from "./spoof-check.ts";

/** STATUS: fails only for what no retry heals. */
export async function status(req: StatusRequest<BridgeConf>, { host, ipam }: PluginContext): Promise<void> {
  const { ipamType, ...conf } = req.conf;
  await requireForAdd(() => findBridge(host, conf.bridge));
  if (conf.ipMasq) await masquerade.status(host);
  if (conf.macSpoofCheck) await spoofCheck.status(host);
  if (ipamType !== undefined) {
    const provider = await requireForAdd(() => ipam.of(ipamType));
    await provider.status(req);
  }
}
