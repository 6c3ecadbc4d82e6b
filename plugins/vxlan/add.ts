import type { AttachmentRequest, CniResult } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { findDevices } from "../../src/plugin/overlay/device.ts";
import { leaveOverlay } from "../../src/plugin/overlay/leave.ts";
import { planOverlay } from "../../src/plugin/overlay/plan.ts";
import { syncOverlay } from "../../src/plugin/overlay/sync.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { transaction } from "../../src/plugin/steps.ts";
import type { VxlanConf } from "./config.ts";
import type { Parts } from "./index.ts";
import { onBridge } from "./on-bridge.ts";

/**
 * ADD: attach the container to this host's bridge, then connect the host to the others. In this order: once the attachment
 * stands, no DEL of another one takes the overlay away.
 */
export async function add(req: AttachmentRequest<VxlanConf>, ctx: PluginContext, parts: Parts): Promise<CniResult> {
  const { conf, ...attachment } = req;
  const { host, cwd, note } = ctx;
  const { overlay } = conf;
  const files = parts.files();
  const owner = attachmentOf(req);
  // What the request asks for in vain is found out before anything is made.
  const sources = { host, files, cwd };
  const plan = await planOverlay(sources, overlay);
  await findDevices(host, plan);
  const bridge = onBridge(conf, ctx, parts.bridge, plan);
  const inner = { ...attachment, conf: bridge.conf };

  return transaction(async (tx) => {
    // Shared by all containers of the network; goes with the last of them, also if that is this one.
    await tx.step(
      "join the overlay",
      async () => undefined,
      () => leaveOverlay(files, host, conf.name, plan.vni),
    );
    const result = await tx.step(
      "attach to the bridge",
      () => parts.bridge.add(inner, bridge.ctx),
      () => parts.bridge.del(inner, bridge.ctx),
    );
    const { device, problems } = await tx.step("connect to the other hosts", () => syncOverlay(sources, overlay));
    for (const { from, message } of problems) note(`${from}: not used: ${message}`);
    const { ips = [], interfaces = [] } = result;
    if (overlay.ipMasq) {
      const { masquerade } = await import("../../src/plugin/nat/masquerade.ts");
      const { exemptRules } = await import("../../src/plugin/overlay/exempt.ts");
      await tx.step(
        "masquerade",
        () => masquerade.add(host, owner, ips, exemptRules(conf.name)),
        () => masquerade.del(host, owner, ips),
      );
    }
    return { ...result, interfaces: [...interfaces, { name: device.name, mac: device.mac, mtu: device.mtu }] };
  });
}
