import type { GcRequest } from "../../src/cni/types.ts";
import type { Ip } from "../../src/ip/index.ts";
import { ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { FirewallConf } from "./config.ts";
import { forgetSources } from "./del.ts";
import { dismissStale } from "./dismiss.ts";

/** GC: removes what this network's attachments have that are not listed. */
export async function gc(req: GcRequest<FirewallConf>, { host, note }: PluginContext): Promise<void> {
  const network = req.conf.name;
  const valid = new Set(
    req.validAttachments.map((a) => ownerOf({ network, containerId: a.containerID, ifName: a.ifname }).attachment),
  );
  let free: readonly Ip[] = [];
  await allOf([
    [
      "let nothing through any more",
      async () => {
        free = await dismissStale(host, network, valid);
        if (free.length > 0)
          note(`GC of network "${network}": ${free.length} addresses of attachments that are not valid any more`);
      },
    ],
    ["tell firewalld", () => forgetSources(host, req.conf, free)],
  ]);
}
