import { CNI_CODE, CniError } from "../errors.ts";
import { decodeJsonObject, encodeJson, isObject, show } from "../json.ts";
import { fields, looseBool } from "../keys.ts";
import type { Json, JsonObject } from "../types.ts";
import { ASSUMED_VERSION, CURRENT_VERSION, compareVersions } from "../version.ts";

/** One plugin of a list. */
export interface PluginConfig {
  readonly type: string;
  /** The names that are switched on: what of the runtime's capability arguments the plugin gets. */
  readonly capabilities: readonly string[];
  /** The object as it stands in the list. */
  readonly raw: JsonObject;
}

/** A network: specification 1.1.0, section 1. */
export interface NetworkList {
  readonly name: string;
  /** The one in which plugins are spoken to. */
  readonly cniVersion: string;
  readonly disableCheck: boolean;
  readonly disableGC: boolean;
  readonly loadOnlyInlinedPlugins: boolean;
  readonly plugins: readonly PluginConfig[];
  /** The file as it came, for the cache; of a single-plugin file the list made of it. */
  readonly bytes: Uint8Array;
}

/**
 * Parses a `.conflist`. `plugins` may be absent, then they must come from the side folder (`config-dir.ts`).
 * List keys are matched exactly, as libcni does. Throws CniError 7, or 6 for what is no JSON object.
 */
export function parseNetworkList(bytes: Uint8Array): NetworkList {
  const raw = decodeJsonObject(bytes, "the configuration list");
  if (!Object.hasOwn(raw, "name")) throw listError("no name");
  const name = raw["name"];
  if (typeof name !== "string") throw listError(`key "name": need a string, have ${show(name)}`);
  const loadOnlyInlinedPlugins = readBool(raw, "loadOnlyInlinedPlugins");
  if (!Object.hasOwn(raw, "plugins") && loadOnlyInlinedPlugins)
    throw listError('"loadOnlyInlinedPlugins" is true, and there is no key "plugins"');
  return {
    name,
    cniVersion: chooseVersion(raw),
    disableCheck: readBool(raw, "disableCheck"),
    disableGC: readBool(raw, "disableGC"),
    loadOnlyInlinedPlugins,
    plugins: Object.hasOwn(raw, "plugins") ? inlinedPlugins(raw["plugins"]) : [],
    bytes,
  };
}

/** A list of one plugin, as a `.conf` file is taken (deprecated, but in use). */
export function listOfOne(plugin: PluginConfig): NetworkList {
  const conf = fields(plugin.raw);
  const list = {
    cniVersion: conf.string("cniVersion") ?? "",
    name: conf.string("name") ?? "",
    plugins: [plugin.raw],
  };
  return parseNetworkList(new TextEncoder().encode(encodeJson(list, { sorted: true })));
}

/** Parses one plugin's object. CniError 7 without `type`. */
export function parsePluginConfig(raw: JsonObject): PluginConfig {
  const conf = fields(raw);
  const type = conf.string("type") ?? "";
  if (type === "") throw configError("missing 'type'");
  const capabilities = conf.object("capabilities");
  return {
    type,
    capabilities: Object.keys(capabilities?.raw ?? {}).filter((name) => capabilities?.raw[name] === true),
    raw,
  };
}

/**
 * `cniVersion`, or with `cniVersions` the highest of both that this project implements. A lone `cniVersion` is kept
 * whatever it is; nothing at all is 0.1.0.
 */
function chooseVersion(raw: JsonObject): string {
  const single = raw["cniVersion"] ?? "";
  if (typeof single !== "string") throw listError(`key "cniVersion": need a string, have ${show(single)}`);
  if (!Object.hasOwn(raw, "cniVersions")) return single || ASSUMED_VERSION;
  const several = raw["cniVersions"];
  if (!Array.isArray(several)) throw listError(`key "cniVersions": need a list, have ${show(several)}`);
  const all = several.map((version, i) => {
    if (typeof version !== "string") throw listError(`key "cniVersions[${i}]": need a string, have ${show(version)}`);
    return version;
  });
  const candidates = single === "" ? all : [...all, single];
  const [highest] = candidates
    .filter((version) => compareVersions(version, CURRENT_VERSION) <= 0)
    .sort((a, b) => compareVersions(b, a));
  return highest ?? (single || ASSUMED_VERSION);
}

function readBool(raw: JsonObject, key: string): boolean {
  if (!Object.hasOwn(raw, key)) return false;
  const value = raw[key] ?? null;
  const parsed = looseBool(value);
  if (parsed === undefined) throw listError(`key "${key}": need true or false, have ${show(value)}`);
  return parsed;
}

function inlinedPlugins(plugins: Json | undefined): PluginConfig[] {
  if (!Array.isArray(plugins)) throw listError(`key "plugins": need a list, have ${show(plugins)}`);
  if (plugins.length === 0) throw listError("no plugins in list");
  return plugins.map((plugin, i) => {
    if (!isObject(plugin)) throw listError(`key "plugins[${i}]": need an object, have ${show(plugin)}`);
    try {
      return parsePluginConfig(plugin);
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      throw configError(`plugin config ${i}: ${error.message}`);
    }
  });
}

function listError(problem: string): CniError {
  return new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `error parsing configuration list: ${problem}`);
}

function configError(problem: string): CniError {
  return new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `error parsing configuration: ${problem}`);
}
