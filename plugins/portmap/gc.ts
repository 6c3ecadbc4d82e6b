import type { GcRequest } from "../../src/cni/types.ts";
import { collectReferencePorts } from "../../src/plugin/nat/reference-ports.ts";
import { unpublishStale } from "../../src/plugin/nat/unpublish.ts";
import { ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { PortmapConf } from "./config.ts";
import { forgetFlowsTo } from "./flows.ts";

/** GC: takes back the ports of this network's attachments that are not listed. */
export async function gc(req: GcRequest<PortmapConf>, { host, note }: PluginContext): Promise<void> {
  const network = req.conf.name;
  const valid = new Set(
    req.validAttachments.map((a) => ownerOf({ network, containerId: a.containerID, ifName: a.ifname }).attachment),
  );
  await allOf([
    [
      "take back ports",
      async () => {
        const gone = await unpublishStale(host, network, valid);
        if (gone.length > 0)
          note(`GC of network "${network}": took back ${gone.length} ports of attachments that are not valid any more`);
        await forgetFlowsTo(host, gone);
      },
    ],
    [
      "remove what the reference plugin left",
      async () => {
        const containers = new Set(req.validAttachments.map((a) => a.containerID));
        await collectReferencePorts(host, network, containers);
      },
    ],
  ]);
}
