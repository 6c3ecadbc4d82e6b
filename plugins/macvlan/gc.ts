import type { GcRequest } from "../../src/cni/types.ts";
import { networkHash } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { collectSandboxLinks } from "../../src/plugin/sandbox-links.ts";
import { allOf } from "../../src/plugin/steps.ts";
import { noteDeleted, validOf } from "../../src/plugin/valid.ts";
import type { MacvlanConf } from "./config.ts";

/**
 * GC: removes everything of this network that belongs to no listed attachment, whether its namespace still stands or not.
 * Links go first; an address is freed only when nothing answers on it any more.
 */
export async function gc(req: GcRequest<MacvlanConf>, { host, ipam, note }: PluginContext): Promise<void> {
  const { conf } = req;
  const network = conf.name;
  const valid = validOf(req);
  await allOf([
    [
      "delete links",
      async () => noteDeleted(note, network, await collectSandboxLinks(host, networkHash(network), valid, "macvlan")),
    ],
    [
      "release addresses",
      async () => {
        if (conf.ipamType !== undefined) await ipam.of(conf.ipamType).gc(req);
      },
      "delete links",
    ],
  ]);
}
