import type { AttachmentRequest } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { masquerade } from "../../src/plugin/nat/masquerade.ts";
import { leaveOverlay } from "../../src/plugin/overlay/leave.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { VxlanConf } from "./config.ts";
import type { Parts } from "./index.ts";
import { onBridge, shareForCleanUp } from "./on-bridge.ts";

/** DEL: works from the request alone, twice if asked. With the network's last attachment its overlay goes from this host. */
export async function del(req: AttachmentRequest<VxlanConf>, ctx: PluginContext, parts: Parts): Promise<void> {
  const { conf, ...attachment } = req;
  const { host, cwd } = ctx;
  const files = parts.files();
  const bridge = onBridge(conf, ctx, parts.bridge, shareForCleanUp(conf, files, cwd));
  await allOf([
    ["remove masquerading", () => masquerade.del(host, attachmentOf(req), conf.prevResult?.ips)],
    ["detach from the bridge", () => parts.bridge.del({ ...attachment, conf: bridge.conf }, bridge.ctx)],
    ["leave the overlay", () => leaveOverlay(files, host, conf.name, conf.overlay.vni)],
  ]);
}
