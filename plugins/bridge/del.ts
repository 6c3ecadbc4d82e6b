import type { AttachmentRequest } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { deleteAttachmentLinks, findHostEnd } from "../../src/plugin/attachment-links.ts";
import { removeMasquerade, removeReference } from "../../src/plugin/nat/removal.ts";
import { type Attachment, ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { BridgeConf } from "./config.ts";
import { extrasOf } from "./extras.ts";

/**
 * DEL: works from the request alone, twice if asked. The lease goes last, after all that is keyed by its address, and not
 * while a link stands that answers to it.
 */
export async function del(req: AttachmentRequest<BridgeConf>, ctx: PluginContext): Promise<void> {
  const { conf } = req;
  const { host, ipam } = ctx;
  const attachment = attachmentOf(req);
  const owner = ownerOf(attachment);
  const hostEnd = await findHostEnd(host, owner);
  const extras = extrasOf(hostEnd);
  await allOf([
    // Before the link: the kernel waits for its readers after both, and then it does so at the same time.
    ...(extras.masq ? [["remove masquerading", () => removeMasquerade(host, req)] as const] : []),
    ["delete link", () => deleteAttachmentLinks(host, req, owner, hostEnd)],
    // After it: a container that still runs must not forge addresses for a moment.
    ...(extras.spoof
      ? [["remove source address check", () => removeSpoofCheck(ctx, attachment), "delete link"] as const]
      : []),
    ...(hostEnd ? [] : [["remove what the reference plugin left", () => removeReference(host, req)] as const]),
    [
      "release addresses",
      async () => {
        if (conf.ipamType !== undefined) await ipam.of(conf.ipamType).del(req);
      },
      "delete link",
    ],
  ]);
}

// Loaded where there is something to look for, as in src/plugin/nat/removal.ts.

async function removeSpoofCheck({ host }: PluginContext, attachment: Attachment): Promise<void> {
  const { spoofCheck } = await import("./spoof-check.ts");
  await spoofCheck.del(host, attachment);
}
