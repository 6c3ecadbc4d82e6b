import type { GcRequest } from "../../src/cni/types.ts";
import { collectLinks } from "../../src/plugin/attachment-links.ts";
import { masquerade } from "../../src/plugin/nat/masquerade.ts";
import { collectReferenceMasquerade } from "../../src/plugin/nat/reference-masquerade.ts";
import { networkHash } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import { noteDeleted, validOf } from "../../src/plugin/valid.ts";
import type { PtpConf } from "./config.ts";

/**
 * GC: removes everything of this network that belongs to no listed attachment, whether its namespace still stands or not.
 * Links go first; an address is freed only when nothing answers on it any more.
 */
export async function gc(req: GcRequest<PtpConf>, { host, ipam, note }: PluginContext): Promise<void> {
  const { conf, validAttachments } = req;
  const network = conf.name;
  const valid = validOf(req);
  await allOf([
    [
      "delete links",
      async () => noteDeleted(note, network, await collectLinks(host, networkHash(network), valid, null)),
    ],
    ["remove masquerading", () => masquerade.gc(host, network, valid)],
    [
      "remove what the reference plugin left",
      () =>
        collectReferenceMasquerade(
          host,
          network,
          validAttachments.map((a) => ({ containerId: a.containerID, ifName: a.ifname })),
        ),
    ],
    [
      "release addresses",
      async () => {
        if (conf.ipamType !== "") await ipam.of(conf.ipamType).gc(req);
      },
      "delete links",
    ],
  ]);
}
