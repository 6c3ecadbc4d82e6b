import type { StatusRequest } from "../../src/cni/types.ts";
import { requireLinkKind } from "../../src/plugin/link-kind.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { requireForAdd } from "../../src/plugin/ready.ts";
import type { MacvlanConf } from "./config.ts";
import { findParent } from "./parent.ts";

/** STATUS: fails only for what no retry heals. */
export async function status(req: StatusRequest<MacvlanConf>, { host, ipam }: PluginContext): Promise<void> {
  const { conf } = req;
  const { ipamType } = conf;
  await requireLinkKind(
    host,
    { kind: "macvlan" },
    { purpose: "by which containers share an interface", modules: "module macvlan" },
  );
  if (!conf.linkInContainer) await requireForAdd(() => findParent(host, conf));
  if (ipamType !== undefined) {
    const provider = await requireForAdd(() => ipam.of(ipamType));
    await provider.status(req);
  }
}
