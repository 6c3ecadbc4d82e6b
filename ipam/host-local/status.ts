import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { StatusRequest } from "../../src/cni/types.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { type Files, unwritable } from "../store/files.ts";
import { formatRangeSet } from "../store/ranges.ts";
import { fullSets } from "../store/state.ts";
import type { HostLocalConf } from "./config.ts";
import { storeOf } from "./store.ts";

/**
 * STATUS: fails for what no retry heals, a data folder that cannot be written. A full range heals with the next DEL, and a
 * failing STATUS takes the whole node out, so it is a warning unless `statusWhenFull` says "fail".
 */
export async function status(
  req: StatusRequest<HostLocalConf>,
  files: Files,
  ctx: Pick<PluginContext, "cwd" | "note">,
): Promise<void> {
  const { conf } = req;
  const store = storeOf(conf, files, ctx);
  const why = unwritable(files, store.layout.leases);
  if (why !== undefined)
    throw new CniError(
      CNI_CODE.PLUGIN_NOT_AVAILABLE,
      `Cannot write leases to "${store.layout.leases}"`,
      `${why}; host-local keeps one file per address there (key ipam.dataDir)`,
    );
  const full = fullSets(store, conf.sets).map((i) => conf.sets[i] ?? []);
  if (full.length === 0) return;
  const msg = `no IP addresses available in ${full.map(formatRangeSet).join("; ")}`;
  if (conf.statusWhenFull === "fail")
    throw new CniError(CNI_CODE.PLUGIN_NOT_AVAILABLE, msg, 'key ipam.statusWhenFull is "fail"');
  ctx.note(`warning: ${msg}`);
}
