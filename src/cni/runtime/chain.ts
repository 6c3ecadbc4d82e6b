import { CNI_CODE, CniError } from "../errors.ts";
import { resultToJson } from "../result-format.ts";
import type { CniAttachment, CniCommand, CniResult } from "../types.ts";
import { validateContainerId, validateIfName, validateNetworkName } from "../validate.ts";
import { CHECK_SINCE, GC_SINCE, isCniVersion, STATUS_SINCE, versionAtLeast } from "../version.ts";
import { type Attachment, listAttachments, loadResult, removeAttachment, saveAttachment } from "./cache.ts";
import type { NetworkList, PluginConfig } from "./config-list.ts";
import { findPlugin } from "./find.ts";
import type { Runtime } from "./host.ts";
import { invokePlugin } from "./invoke.ts";
import { pluginStdin } from "./plugin-config.ts";
import { parsePluginResult } from "./plugin-result.ts";

/** The specification leaves a run's length open, as libcni does; `undefined` waits for ever. */
export interface ChainOptions {
  readonly timeoutMs?: number | undefined;
}

/**
 * ADD over a list: plugins in order, each given the result of the one before. Stops at the first error; cleaning up is the
 * caller's DEL (specification 1.1.0, "Lifecycle"). The attachment is remembered only after the last plugin succeeded.
 */
export async function addNetwork(
  runtime: Runtime,
  list: NetworkList,
  attachment: Attachment,
  options: ChainOptions = {},
): Promise<CniResult> {
  checkAttachment(list, attachment);
  let result: CniResult | undefined;
  for (const plugin of list.plugins) {
    const stdin = pluginStdin(list, plugin, { prevResult: result, capabilityArgs: attachment.capabilityArgs });
    const run = async (): Promise<CniResult> => {
      const stdout = await call(runtime, "ADD", plugin, attachment, stdin, options);
      return parsePluginResult(stdout, list.cniVersion, plugin.type);
    };
    result = await describing(plugin, "add", run);
  }
  if (result === undefined) throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, "no plugins in list");
  const { files } = runtime.host;
  const shown = isCniVersion(list.cniVersion) ? resultToJson(result, list.cniVersion) : undefined;
  saveAttachment(files, runtime.cacheDir, { ...attachment, network: list.name, config: list.bytes, result: shown });
  return result;
}

/**
 * DEL over a list, in reverse order, with the remembered result from 0.4.0 on; a cache file that cannot be understood is
 * dropped. Stops at the first error and then still remembers the attachment.
 */
export async function delNetwork(
  runtime: Runtime,
  list: NetworkList,
  attachment: Attachment,
  options: ChainOptions = {},
): Promise<void> {
  const { files } = runtime.host;
  const prevResult = versionAtLeast(list.cniVersion, CHECK_SINCE)
    ? resultOrNothing(runtime, list, attachment)
    : undefined;
  for (const plugin of list.plugins.toReversed()) {
    const stdin = pluginStdin(list, plugin, { prevResult, capabilityArgs: attachment.capabilityArgs });
    await describing(plugin, "delete", () => call(runtime, "DEL", plugin, attachment, stdin, options));
  }
  try {
    removeAttachment(files, runtime.cacheDir, list.name, attachment);
  } catch (error) {
    // The network is gone; a file left behind costs one more DEL at the next GC.
    runtime.host.forwardStderr(`cannot forget the attachment: ${asCniError(error).message}\n`);
  }
}

function resultOrNothing(runtime: Runtime, list: NetworkList, attachment: Attachment): CniResult | undefined {
  try {
    return loadResult(runtime.host.files, runtime.cacheDir, list.name, attachment);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    removeAttachment(runtime.host.files, runtime.cacheDir, list.name, attachment);
    return undefined;
  }
}

/** CHECK over a list, in order, each given the final result. Does nothing when the list says `disableCheck`. */
export async function checkNetwork(
  runtime: Runtime,
  list: NetworkList,
  attachment: Attachment,
  options: ChainOptions = {},
): Promise<void> {
  if (!versionAtLeast(list.cniVersion, CHECK_SINCE))
    throw new CniError(
      CNI_CODE.INCOMPATIBLE_VERSION,
      `configuration version ${JSON.stringify(list.cniVersion)} does not support the CHECK command`,
    );
  if (list.disableCheck) return;
  const prevResult = loadResult(runtime.host.files, runtime.cacheDir, list.name, attachment);
  for (const plugin of list.plugins) {
    const stdin = pluginStdin(list, plugin, { prevResult, capabilityArgs: attachment.capabilityArgs });
    await describing(plugin, "check", () => call(runtime, "CHECK", plugin, attachment, stdin, options));
  }
}

/**
 * GC of a network: DEL for every remembered attachment that is not in `valid` (with the list of now and the arguments of
 * then), and from 1.1.0 on the verb GC to every plugin. Goes on after errors and gives them all in one. Does nothing when
 * the list says `disableGC`.
 */
export async function gcNetwork(
  runtime: Runtime,
  list: NetworkList,
  valid: readonly CniAttachment[],
  options: ChainOptions = {},
): Promise<void> {
  if (list.disableGC) return;
  const errors: CniError[] = [];
  const collect = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    try {
      await run();
    } catch (error) {
      const { code, message, details } = asCniError(error);
      errors.push(new CniError(code, `${what}: ${message}`, details, { cause: error }));
    }
  };
  const isValid = ({ containerId, ifName }: Attachment): boolean =>
    valid.some(({ containerID, ifname }) => containerID === containerId && ifname === ifName);
  for (const stale of listAttachments(runtime.host.files, runtime.cacheDir)) {
    if (stale.network !== list.name || isValid(stale)) continue;
    const what = `failed to delete stale attachment ${stale.containerId} ${stale.ifName}`;
    await collect(what, () => delNetwork(runtime, list, stale, options));
  }
  if (versionAtLeast(list.cniVersion, GC_SINCE)) {
    for (const plugin of list.plugins) {
      const stdin = pluginStdin(list, plugin, { valid });
      const run = (): Promise<Uint8Array> => call(runtime, "GC", plugin, undefined, stdin, options);
      await collect(`failed to GC plugin ${plugin.type}`, run);
    }
  }
  const [first] = errors;
  if (first === undefined) return;
  if (errors.length === 1) throw first;
  throw new CniError(first.code, errors.map((error) => error.message).join("\n"), first.details);
}

/** STATUS of a network: plugins in order, the first error as it is. Success for versions that do not have the verb. */
export async function statusNetwork(runtime: Runtime, list: NetworkList, options: ChainOptions = {}): Promise<void> {
  if (!versionAtLeast(list.cniVersion, STATUS_SINCE)) return;
  for (const plugin of list.plugins) {
    await call(runtime, "STATUS", plugin, undefined, pluginStdin(list, plugin, {}), options);
  }
}

/** One plugin's process. Without attachment (GC, STATUS) its variables are empty. */
function call(
  { host, cniPath, find = (type) => findPlugin(host.files, type, cniPath) }: Runtime,
  command: CniCommand,
  plugin: PluginConfig,
  attachment: Attachment | undefined,
  stdin: Uint8Array,
  { timeoutMs }: ChainOptions,
): Promise<Uint8Array> {
  const variables = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: attachment?.containerId ?? "",
    CNI_NETNS: attachment?.netns ?? "",
    CNI_IFNAME: attachment?.ifName ?? "",
    CNI_ARGS: (attachment?.args ?? []).map(([key, value]) => `${key}=${value}`).join(";"),
    CNI_PATH: cniPath.join(":"),
  };
  return invokePlugin(host, { path: find(plugin.type), variables, stdin, timeoutMs });
}

function checkAttachment(list: NetworkList, attachment: Attachment): void {
  validateContainerId(attachment.containerId);
  validateNetworkName(list.name);
  validateIfName(attachment.ifName);
}

function asCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CniError(CNI_CODE.OPERATION_FAILED, message, "", { cause: error });
}

/** Says which plugin it was; code and details stay the plugin's. */
async function describing<T>(plugin: PluginConfig, verb: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    const msg = `plugin type=${JSON.stringify(plugin.type)} failed (${verb}): ${error.message}`;
    throw new CniError(error.code, msg, error.details, { cause: error });
  }
}
