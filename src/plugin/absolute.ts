import { resolvePath } from "../cni/env.ts";
import { CNI_CODE, CniError } from "../cni/errors.ts";
import type { PluginContext } from "./plugin.ts";

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
