import type { AttachmentRequest } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { deleteAttachmentLinks, findHostEnd } from "../../src/plugin/attachment-links.ts";
import { removeMasquerade, removeReference } from "../../src/plugin/nat/removal.ts";
import { markNote, ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { PtpConf } from "./config.ts";

/**
 * DEL: works from the request alone, twice if asked. The lease goes last, after all that is keyed by its address, and not
 * while a link stands that answers to it.
 */
export async function del(req: AttachmentRequest<PtpConf>, { host, ipam }: PluginContext): Promise<void> {
  const { ipamType } = req.conf;
  const owner = ownerOf(attachmentOf(req));
  const hostEnd = await findHostEnd(host, owner);
  // The mark says what ADD made, whatever the config says by now; without it, everything is looked for.
  const mayMasquerade = markNote(hostEnd?.alias)?.includes("masq") ?? true;
  await allOf([
    // Before the link: the kernel waits for its readers after both, and then it does so at the same time.
    ...(mayMasquerade ? [["remove masquerading", () => removeMasquerade(host, req)] as const] : []),
    ["delete link", () => deleteAttachmentLinks(host, req, owner, hostEnd)],
    ...(hostEnd ? [] : [["remove what the reference plugin left", () => removeReference(host, req)] as const]),
    [
      "release addresses",
      async () => {
        if (ipamType !== "") await ipam.of(ipamType).del(req);
      },
      "delete link",
    ],
  ]);
}
