import type { AttachmentRequest } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { deleteAttachmentLinks } from "../../src/plugin/attachment-links.ts";
import { masquerade } from "../../src/plugin/nat/masquerade.ts";
import { ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { BridgeConf } from "./config.ts";
import { spoofCheck } from "./spoof-check.ts";

/** DEL: works from the request alone, twice if asked. The lease goes last, after all that is keyed by its address. */
export async function del(req: AttachmentRequest<BridgeConf>, { host, ipam }: PluginContext): Promise<void> {
  const { conf } = req;
  const attachment = attachmentOf(req);
  await allOf([
    ["delete link", () => deleteAttachmentLinks(host, req, ownerOf(attachment))],
    ["remove source address check", () => spoofCheck.del(host, attachment)],
    ["remove masquerading", () => masquerade.del(host, attachment, conf.prevResult?.ips)],
    [
      "release addresses",
      async () => {
        if (conf.ipamType !== undefined) await ipam.of(conf.ipamType).del(req);
      },
    ],
  ]);
}
