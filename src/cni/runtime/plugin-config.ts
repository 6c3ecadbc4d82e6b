import { encodeJson } from "../json.ts";
import { resultToJson } from "../result-format.ts";
import type { CniAttachment, CniResult, JsonObject } from "../types.ts";
import { isCniVersion } from "../version.ts";
import type { NetworkList, PluginConfig } from "./config-list.ts";

/**
 * What one plugin of a list gets on stdin (specification 1.1.0, section 3, "Deriving execution configuration"): its object
 * with the list's name and version, the previous result and the capability arguments it has switched on. Like libcni's,
 * `capabilities` stays in.
 */
export function pluginStdin(
  list: NetworkList,
  plugin: PluginConfig,
  inject: { prevResult?: CniResult | undefined; capabilityArgs?: JsonObject; valid?: readonly CniAttachment[] },
): Uint8Array {
  const injected: JsonObject = { name: list.name, cniVersion: list.cniVersion };
  if (inject.prevResult !== undefined && isCniVersion(list.cniVersion))
    injected["prevResult"] = resultToJson(inject.prevResult, list.cniVersion);
  const runtimeConfig = switchedOn(plugin, inject.capabilityArgs ?? {});
  if (Object.keys(runtimeConfig).length > 0) injected["runtimeConfig"] = runtimeConfig;
  if (inject.valid !== undefined) {
    const valid = inject.valid.map(({ containerID, ifname }) => ({ containerID, ifname }));
    injected["cni.dev/valid-attachments"] = valid;
    // Plugins built against an early release of the specification's library look here.
    injected["cni.dev/attachments"] = valid;
  }
  return new TextEncoder().encode(encodeJson(replaceKeys(plugin.raw, injected), { sorted: true }));
}

function switchedOn(plugin: PluginConfig, args: JsonObject): JsonObject {
  return Object.fromEntries(
    plugin.capabilities.flatMap((name) => {
      const value = Object.hasOwn(args, name) ? args[name] : undefined;
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Other spellings of an injected key go: whoever reads without regard to case must see ours. */
function replaceKeys(raw: JsonObject, injected: JsonObject): JsonObject {
  const taken = Object.keys(injected).map((key) => key.toLowerCase());
  const kept = Object.entries(raw).filter(([key]) => !taken.includes(key.toLowerCase()));
  return Object.fromEntries([...kept, ...Object.entries(injected)]);
}
