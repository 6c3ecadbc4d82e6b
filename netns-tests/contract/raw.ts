import type { CniCommand, JsonObject } from "../../src/cni/types.ts";
import { callPlugin, type PluginAnswer, type PluginCall } from "../support/plugin.ts";
import type { Network } from "./network.ts";

/** The config a runtime hands to the plugin under test, or to the n-th of its list. */
export function configOf(network: Network, more: JsonObject = {}, n = network.plugins.length - 1): JsonObject {
  const { capabilities: _, ...plugin } = network.plugins[n] ?? {};
  return { ...plugin, name: network.place.name, cniVersion: "1.1.0", ...more };
}

/** One executable called with whatever a test likes, on the network's host. */
export function callRaw(
  network: Network,
  command: CniCommand,
  conf: JsonObject | string,
  more: Partial<PluginCall> = {},
): Promise<PluginAnswer> {
  return callPlugin({ type: network.subject.type, command, conf, host: network.bench.host, ...more });
}

/** GC by every plugin of the list in turn, with exactly these keys besides. */
export async function gcRaw(network: Network, keys: JsonObject): Promise<PluginAnswer[]> {
  const answers: PluginAnswer[] = [];
  for (const [n, { type }] of network.plugins.entries())
    answers.push(await callRaw(network, "GC", configOf(network, keys, n), { type: String(type) }));
  return answers;
}
