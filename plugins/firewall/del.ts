import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { Ip } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import type { FirewallConf } from "./config.ts";
import { firewalldRuns, removeSource } from "./firewalld.ts";
import { addressesOf } from "./member-of.ts";
import { dismiss } from "./members.ts";
import { removeReferenceRules } from "./reference.ts";

/** DEL: looks under the addresses that the request names, or, when it names none, through all records. */
export async function del(req: AttachmentRequest<FirewallConf>, { host }: PluginContext): Promise<void> {
  let free: readonly Ip[] = [];
  await allOf([
    [
      "let nothing through any more",
      async () => {
        free = await dismiss(host, attachmentOf(req), addressesOf(req.conf.prevResult ?? {}));
      },
    ],
    ["tell firewalld", () => forgetSources(host, req.conf.zone, free)],
    ["remove what the reference plugin left", () => removeReferenceRules(host, free)],
  ]);
}

/** Addresses that are nobody's any more are no sources either. */
export async function forgetSources(host: Kernel, zone: string, addresses: readonly Ip[]): Promise<void> {
  if (addresses.length === 0 || !(await firewalldRuns(host))) return;
  await allOf(addresses.map((ip) => ["tell firewalld", () => removeSource(host, zone, ip)]));
}
