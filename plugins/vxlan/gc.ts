import type { GcRequest } from "../../src/cni/types.ts";
import { leaveOverlay } from "../../src/plugin/overlay/leave.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { VxlanConf } from "./config.ts";
import type { Parts } from "./index.ts";
import { onBridge, shareForCleanUp } from "./on-bridge.ts";

/** GC: removes attachments that are not listed, and where none is left the overlay of the network. */
export async function gc(req: GcRequest<VxlanConf>, ctx: PluginContext, parts: Parts): Promise<void> {
  const { conf, validAttachments } = req;
  const { host, cwd } = ctx;
  const files = parts.files();
  const bridge = onBridge(conf, ctx, parts.bridge, shareForCleanUp(conf, files, cwd));
  await allOf([
    ["collect attachments", () => parts.bridge.gc({ conf: bridge.conf, validAttachments }, bridge.ctx)],
    ["leave the overlay", () => leaveOverlay(files, host, conf.name, conf.overlay.vni)],
  ]);
}
