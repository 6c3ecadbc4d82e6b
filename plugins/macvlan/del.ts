import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { deleteSandboxLink } from "../../src/plugin/sandbox-links.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { MacvlanConf } from "./config.ts";

/**
 * DEL: works from the request alone, twice if asked, and without the parent. The lease goes last, and not while a link
 * stands that answers to its address.
 */
export async function del(req: AttachmentRequest<MacvlanConf>, { host, ipam }: PluginContext): Promise<void> {
  const { ipamType } = req.conf;
  await allOf([
    // Where there is IPAM, that refuses a container's second ADD.
    ["delete link", () => deleteSandboxLink(host, req, "macvlan", { everywhere: ipamType === undefined })],
    [
      "release addresses",
      async () => {
        if (ipamType !== undefined) await ipam.of(ipamType).del(req);
      },
      "delete link",
    ],
  ]);
}
