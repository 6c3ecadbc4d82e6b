import { withPrevResult } from "../../cni/attachment.ts";
import { readResult } from "../../cni/convert.ts";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { decodeJsonObject } from "../../cni/json.ts";
import { lookup } from "../../cni/keys.ts";
import { parseConfig } from "../../cni/netconf.ts";
import type { CachedAttachment } from "../../cni/runtime/cache.ts";
import type { PluginConfig } from "../../cni/runtime/config-list.ts";
import { listOfOne, type NetworkList, parseNetworkList, parsePluginConfig } from "../../cni/runtime/config-list.ts";
import { pluginStdin } from "../../cni/runtime/plugin-config.ts";
import type { AttachmentRequest, CniResult } from "../../cni/types.ts";
import { isCniVersion } from "../../cni/version.ts";

/** What ADD answered; `undefined` when the runtime kept no result. */
export const cachedResult = ({ result }: CachedAttachment): CniResult | undefined =>
  result === undefined ? undefined : readResult(result, "0.1.0", "cached result");

/** The configuration as it was at ADD: a list, or one plugin's object of a runtime that calls plugins singly. */
export function cachedList({ config }: CachedAttachment): NetworkList {
  const raw = decodeJsonObject(config, "the configuration in the cache");
  return lookup(raw, "type") === undefined ? parseNetworkList(config) : listOfOne(parsePluginConfig(raw));
}

/** The request that CHECK of one plugin of the list would get. */
export function checkRequest(
  cached: CachedAttachment,
  list: NetworkList,
  plugin: PluginConfig,
  prevResult: CniResult | undefined,
): AttachmentRequest {
  const stdin = pluginStdin(list, plugin, { prevResult, capabilityArgs: cached.capabilityArgs });
  const { raw, name, type, cniVersion } = parseConfig(stdin);
  if (!isCniVersion(cniVersion))
    throw new CniError(CNI_CODE.INCOMPATIBLE_VERSION, `its configuration has CNI version ${cniVersion}`);
  return {
    conf: withPrevResult({ cniVersion, name, type, raw }),
    containerId: cached.containerId,
    ifName: cached.ifName,
    netns: cached.netns,
    args: cached.args.map(([key, value]) => `${key}=${value}`).join(";"),
  };
}
