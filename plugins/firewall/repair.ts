import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { restoreMissing } from "../../src/plugin/repair.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import type { FirewallConf } from "./config.ts";
import { addressesOf, requirePrevResult } from "./member-of.ts";

/** Lets a container's packets through again where somebody flushed the rule set, reloaded firewalld or set a policy. */
export async function repair(
  req: AttachmentRequest<FirewallConf>,
  ctx: PluginContext,
  how: { dryRun: boolean },
): Promise<string[]> {
  const name = `the firewall for ${
    requirePrevResult(req)
      .ips?.map(({ address }) => address)
      .join(", ") ?? "nothing"
  }`;
  if (addressesOf(requirePrevResult(req)).length === 0) return [];
  // ADD has made its remarks when it was called.
  const silent = { ...ctx, note: () => {} };
  return restoreMissing([{ name, check: () => check(req, ctx), restore: () => add(req, silent) }], how);
}
