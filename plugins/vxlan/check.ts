import type { AttachmentRequest } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { checkOverlay } from "../../src/plugin/overlay/look.ts";
import { planOverlay } from "../../src/plugin/overlay/plan.ts";
import { exemptSubnets } from "../../src/plugin/overlay/sync.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { VxlanConf } from "./config.ts";
import type { Parts } from "./index.ts";
import { onBridge } from "./on-bridge.ts";

/** CHECK: the attachment, this host's part of the overlay, and the way to every other host stand as ADD leaves them. */
export async function check(req: AttachmentRequest<VxlanConf>, ctx: PluginContext, parts: Parts): Promise<void> {
  const { conf, ...attachment } = req;
  const { host, cwd } = ctx;
  const plan = await planOverlay({ host, files: parts.files(), cwd }, conf.overlay);
  const bridge = onBridge(conf, ctx, parts.bridge, plan);
  await parts.bridge.check({ ...attachment, conf: bridge.conf }, bridge.ctx);
  await checkOverlay(host, plan);
  const { ips } = conf.prevResult ?? {};
  if (!conf.overlay.ipMasq || !ips) return;
  const { masquerade } = await import("../../src/plugin/nat/masquerade.ts");
  const { checkExempt, exemptRules } = await import("../../src/plugin/overlay/exempt.ts");
  await masquerade.check(host, attachmentOf(req), ips, exemptRules(conf.name));
  await checkExempt(host, conf.name, exemptSubnets(plan));
}
