import type { AttachmentRequest } from "../../src/cni/types.ts";
import { hostEnd } from "../../src/plugin/nat/port-keys.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { restoreMissing } from "../../src/plugin/repair.ts";
import { add, requirePrevResult } from "./add.ts";
import { check } from "./check.ts";
import type { PortmapConf } from "./config.ts";
import { containerAddresses, publicationsOf } from "./publications.ts";

/** Publishes the ports again of which something is missing. CniError 11 when another attachment has taken one meanwhile. */
export async function repair(
  req: AttachmentRequest<PortmapConf>,
  ctx: PluginContext,
  how: { dryRun: boolean },
): Promise<string[]> {
  // ADD has made its remarks when it was called.
  const silent = { ...ctx, note: () => {} };
  const ports = publicationsOf(req, containerAddresses(requirePrevResult(req), req.ifName)).map(hostEnd);
  const name = `host port${ports.length === 1 ? "" : "s"} ${ports.join(", ")}`;
  return restoreMissing([{ name, check: () => check(req, ctx), restore: () => add(req, silent) }], how);
}
