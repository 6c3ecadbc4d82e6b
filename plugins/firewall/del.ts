import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { Ip } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { TableRef } from "../../src/kernel/nft.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { FirewallConf } from "./config.ts";
import { dismiss } from "./dismiss.ts";
import { firewalldRuns, removeSource } from "./firewalld.ts";
import { removeReferenceRules } from "./reference.ts";

/** DEL: looks under the addresses that the request names, or, when it names none, through all records. */
export async function del(req: AttachmentRequest<FirewallConf>, { host }: PluginContext): Promise<void> {
  let free: readonly Ip[] = [];
  let reference: readonly TableRef[] = [];
  await allOf([
    [
      "let nothing through any more",
      async () => {
        const { mark, prevResult = {} } = req.conf;
        ({ free, reference } = await dismiss(host, attachmentOf(req), mark, prevResult));
      },
    ],
    ["tell firewalld", () => forgetSources(host, req.conf, free)],
    ["remove what the reference plugin left", () => removeReferenceRules(host, free, reference)],
  ]);
}

/** Addresses that are nobody's any more are no sources either. */
export async function forgetSources(
  host: Kernel,
  { zone, needsFirewalld }: FirewallConf,
  addresses: readonly Ip[],
): Promise<void> {
  if (addresses.length === 0 || !(await firewalldRuns(host, needsFirewalld))) return;
  await allOf(addresses.map((ip) => ["tell firewalld", () => removeSource(host, zone, ip)]));
}
