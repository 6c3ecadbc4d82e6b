import { absolute } from "../../src/plugin/absolute.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { Files } from "../store/files.ts";
import { layoutOf } from "../store/layout.ts";
import type { StoreContext } from "../store/session.ts";
import type { HostLocalConf } from "./config.ts";

/** Where the network's leases are. */
export function storeOf(conf: HostLocalConf, files: Files, ctx: Pick<PluginContext, "cwd">): StoreContext {
  return {
    files,
    layout: layoutOf(absolute(conf.dataDir, ctx, "ipam.dataDir"), conf.network),
    lockTimeoutMs: conf.lockTimeoutMs,
  };
}
