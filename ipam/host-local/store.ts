import { resolvePath } from "../../src/cni/env.ts";
import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { Files } from "../store/files.ts";
import { layoutOf } from "../store/layout.ts";
import type { StoreContext } from "../store/session.ts";
import type { HostLocalConf } from "./config.ts";

/** A path of the config, from the caller's folder on when it is relative. */
export function absolute(path: string, ctx: Pick<PluginContext, "cwd">, key: string): string {
  const resolved = resolvePath(path, ctx.cwd);
  if (resolved === undefined)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `Cannot resolve ${key} ${JSON.stringify(path)}: it is relative, and the current folder is deleted or unknown`,
      "give an absolute path",
    );
  return resolved;
}

/** Where the network's leases are. */
export function storeOf(conf: HostLocalConf, files: Files, ctx: Pick<PluginContext, "cwd">): StoreContext {
  return {
    files,
    layout: layoutOf(absolute(conf.dataDir, ctx, "ipam.dataDir"), conf.network),
    lockTimeoutMs: conf.lockTimeoutMs,
  };
}
