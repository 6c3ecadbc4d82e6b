import type { StatusRequest } from "../../src/cni/types.ts";
import { masquerade } from "../../src/plugin/nat/masquerade.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { requireForAdd } from "../../src/plugin/ready.ts";
import type { PtpConf } from "./config.ts";

/** STATUS: fails only for what no retry heals. */
export async function status(req: StatusRequest<PtpConf>, { host, ipam }: PluginContext): Promise<void> {
  const { ipamType, ipMasq } = req.conf;
  if (ipMasq) await masquerade.status(host);
  const provider = await requireForAdd(() => ipam.of(ipamType));
  await provider.status(req);
}
