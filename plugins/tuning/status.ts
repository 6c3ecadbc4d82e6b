import { unwritable } from "../../ipam/store/files.ts";
import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { StatusRequest } from "../../src/cni/types.ts";
import { absolute } from "../../src/plugin/absolute.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { requireForAdd } from "../../src/plugin/ready.ts";
import { readAllowList } from "./allow-list.ts";
import type { TuningConf } from "./config.ts";
import type { Files } from "./files.ts";

/** STATUS: code 50 when the list of allowed keys is unusable, or what was before ADD could not be written down. */
export async function status(req: StatusRequest<TuningConf>, ctx: PluginContext, files: Files): Promise<void> {
  await requireForAdd(() => readAllowList(files));
  const folder = await requireForAdd(() => absolute(req.conf.dataDir, ctx, "dataDir"));
  const why = unwritable(files, folder);
  if (why === undefined) return;
  throw new CniError(
    CNI_CODE.PLUGIN_NOT_AVAILABLE,
    `Cannot write records to "${folder}"`,
    `${why}; tuning keeps there what it puts back on DEL (key dataDir)`,
  );
}
