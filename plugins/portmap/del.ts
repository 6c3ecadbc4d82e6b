import type { AttachmentRequest } from "../../src/cni/types.ts";
import { ipToBytes } from "../../src/ip/index.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { legacyPortsHint, removeReferencePorts } from "../../src/plugin/nat/reference-ports.ts";
import { unpublish } from "../../src/plugin/nat/unpublish.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { PortmapConf } from "./config.ts";
import { forgetFlowsTo } from "./flows.ts";
import { containerAddresses, hostPortsOf } from "./publications.ts";

/** DEL: looks under the keys that the request names, or, when it names none, through all records. */
export async function del(req: AttachmentRequest<PortmapConf>, { host, note }: PluginContext): Promise<void> {
  const attachment = attachmentOf(req);
  const { mappings } = req.conf;
  await allOf([
    [
      "take back ports",
      async () => {
        const ports = mappings?.length ? hostPortsOf(mappings) : undefined;
        const gone = await unpublish(host, attachment, ports);
        await forgetFlowsTo(host, gone);
        const hint = gone.length === 0 && mappings?.length ? await legacyPortsHint(host, attachment) : undefined;
        if (hint !== undefined) note(hint);
      },
    ],
    ["remove what the reference plugin left", () => removeReferencePorts(host, attachment, addressesOf(req))],
  ]);
}

function addressesOf({ conf, ifName }: AttachmentRequest<PortmapConf>): Uint8Array[] {
  const found = containerAddresses(conf.prevResult ?? {}, ifName);
  return Object.values(found).map(({ ip }) => ipToBytes(ip));
}
