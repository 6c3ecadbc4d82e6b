import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { restoreMissing } from "../../src/plugin/repair.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import type { PortmapConf } from "./config.ts";

/** Publishes the ports again of which something is missing. CniError 11 when another attachment has taken one meanwhile. */
export function repair(
  req: AttachmentRequest<PortmapConf>,
  ctx: PluginContext,
  how: { dryRun: boolean },
): Promise<string[]> {
  // ADD has made its remarks when it was called.
  const silent = { ...ctx, note: () => {} };
  return restoreMissing([{ check: () => check(req, ctx), restore: () => add(req, silent) }], how);
}
