import type { AttachmentRequest } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { findHostEnd } from "../../src/plugin/attachment-links.ts";
import { masquerade } from "../../src/plugin/nat/masquerade.ts";
import { checkExempt, exemptRules } from "../../src/plugin/overlay/exempt.ts";
import { checkOverlay } from "../../src/plugin/overlay/look.ts";
import { planOverlay } from "../../src/plugin/overlay/plan.ts";
import { exemptSubnets, syncOverlay } from "../../src/plugin/overlay/sync.ts";
import { ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { type RepairPart, restoreMissing } from "../../src/plugin/repair.ts";
import type { VxlanConf } from "./config.ts";
import type { Parts } from "./index.ts";
import { onBridge } from "./on-bridge.ts";

/** Puts back the bridge's parts, the overlay and the masquerading of an attachment that still stands. */
export async function repair(
  req: AttachmentRequest<VxlanConf>,
  ctx: PluginContext,
  how: { dryRun: boolean },
  parts: Parts,
): Promise<string[]> {
  const { conf, ...rest } = req;
  const { host, cwd } = ctx;
  const attachment = attachmentOf(req);
  if (!(await findHostEnd(host, ownerOf(attachment)))) return [];
  const files = parts.files();
  const sources = { host, files, cwd };
  const plan = await planOverlay(sources, conf.overlay);
  const bridge = onBridge(conf, ctx, parts.bridge, plan);
  const ofBridge = (await parts.bridge.repair?.({ ...rest, conf: bridge.conf }, bridge.ctx, how)) ?? [];
  const exempt = conf.overlay.ipMasq;
  const sync = () => syncOverlay(sources, conf.overlay);
  const { ips } = conf.prevResult ?? {};
  const overlay: RepairPart[] = [
    { name: `the overlay of network ${conf.name}`, check: () => checkOverlay(host, plan), restore: sync },
  ];
  if (exempt && ips)
    overlay.push(
      {
        name: "what is not masqueraded",
        check: () => checkExempt(host, conf.name, exemptSubnets(plan)),
        restore: sync,
      },
      {
        name: `masquerading of ${ips.map(({ address }) => address).join(", ")}`,
        check: () => masquerade.check(host, attachment, ips, exemptRules(conf.name)),
        restore: () => masquerade.add(host, attachment, ips, exemptRules(conf.name)),
      },
    );
  return [...ofBridge, ...(await restoreMissing(overlay, how))];
}
