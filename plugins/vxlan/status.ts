import type { StatusRequest } from "../../src/cni/types.ts";
import { requireLinkKind } from "../../src/plugin/link-kind.ts";
import { findDevices } from "../../src/plugin/overlay/device.ts";
import { planOverlay } from "../../src/plugin/overlay/plan.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { requireForAdd } from "../../src/plugin/ready.ts";
import type { VxlanConf } from "./config.ts";
import type { Parts } from "./index.ts";
import { onBridge } from "./on-bridge.ts";

/** STATUS: fails while an ADD could not work: a kernel without VXLAN, a host without its subnet file or underlay. */
export async function status(req: StatusRequest<VxlanConf>, ctx: PluginContext, parts: Parts): Promise<void> {
  const { conf } = req;
  const { host, cwd } = ctx;
  await requireLinkKind(
    host,
    { kind: "vxlan" },
    { purpose: "by which hosts reach each other's containers", modules: "module vxlan" },
  );
  const plan = await requireForAdd(() => planOverlay({ host, files: parts.files(), cwd }, conf.overlay));
  await requireForAdd(() => findDevices(host, plan));
  const bridge = onBridge(conf, ctx, parts.bridge, plan);
  await parts.bridge.status({ conf: bridge.conf }, bridge.ctx);
  if (!conf.overlay.ipMasq) return;
  const { masquerade } = await import("../../src/plugin/nat/masquerade.ts");
  await masquerade.status(host);
}
