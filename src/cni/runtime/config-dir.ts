import { CNI_CODE, CniError } from "../errors.ts";
import { compareBytes, decodeJsonObject } from "../json.ts";
import { fields } from "../keys.ts";
import { listOfOne, type NetworkList, type PluginConfig, parseNetworkList, parsePluginConfig } from "./config-list.ts";
import type { RuntimeFiles } from "./host.ts";

type ConfigFiles = Pick<RuntimeFiles, "stat" | "readFile" | "listDir">;

const MAX_CONFIG_BYTES = 16 * 1024 * 1024;
const MAX_FOLDER_ENTRIES = 100_000;

/**
 * The network of that name in a folder (default of runtimes: `/etc/cni/net.d`): `*.conflist` in the order of their names,
 * the first that matches; then single-plugin files `*.conf` and `*.json`. A file before it that cannot be parsed is an
 * error, as for libcni: which network a name means must not depend on luck.
 */
export function findNetwork(files: ConfigFiles, folder: string, name: string): NetworkList {
  const lists = filesEnding(files, folder, [".conflist"]);
  for (const path of lists) {
    const list = named(path, () => loadNetworkList(files, path));
    if (list.name === name) return list;
  }
  const singles = filesEnding(files, folder, [".conf", ".json"]);
  for (const path of singles) {
    const plugin = named(path, () => loadPlugin(files, path));
    if ((fields(plugin.raw).string("name") ?? "") === name) return listOfOne(plugin);
  }
  const problem =
    lists.length + singles.length === 0
      ? `no net configurations found in ${folder}`
      : `no net configuration with name ${JSON.stringify(name)} in ${folder}`;
  throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, problem);
}

/** Every network of a folder in the order of lookup, or why its file gives none. */
export function listNetworks(files: ConfigFiles, folder: string): { path: string; network: NetworkList | CniError }[] {
  const load = (path: string): NetworkList =>
    path.endsWith(".conflist") ? loadNetworkList(files, path) : listOfOne(loadPlugin(files, path));
  const paths = [...filesEnding(files, folder, [".conflist"]), ...filesEnding(files, folder, [".conf", ".json"])];
  return paths.map((path) => {
    try {
      return { path, network: load(path) };
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      return { path, network: error };
    }
  });
}

/** One `.conflist` with the plugins of its side folder: `<folder of the file>/<network>/*.conf`, appended. */
export function loadNetworkList(files: ConfigFiles, path: string): NetworkList {
  const list = parseNetworkList(readConfig(files, path));
  const plugins = list.loadOnlyInlinedPlugins
    ? list.plugins
    : [...list.plugins, ...sidePlugins(files, path.slice(0, path.lastIndexOf("/") + 1), list.name)];
  if (plugins.length === 0) throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, "no plugin configs found");
  return { ...list, plugins };
}

/** A name that would lead out of the folder has no side folder. */
function sidePlugins(files: ConfigFiles, folder: string, name: string): PluginConfig[] {
  if (name === "" || name === "." || name === ".." || name.includes("/")) return [];
  return filesEnding(files, folder + name, [".conf"]).map((path) => named(path, () => loadPlugin(files, path)));
}

function loadPlugin(files: ConfigFiles, path: string): PluginConfig {
  return parsePluginConfig(decodeJsonObject(readConfig(files, path), "the plugin configuration"));
}

/** Sorted by the bytes of their names. A folder that is not there is empty. */
function filesEnding(files: ConfigFiles, folder: string, endings: readonly string[]): string[] {
  if (files.stat(folder, true)?.kind !== "directory") return [];
  return files
    .listDir(folder, MAX_FOLDER_ENTRIES)
    .filter((name) => endings.includes(name.slice(Math.max(0, name.lastIndexOf(".")))))
    .sort(compareBytes)
    .map((name) => (folder.endsWith("/") ? folder + name : `${folder}/${name}`))
    .filter((path) => files.stat(path, true)?.kind !== "directory");
}

function readConfig(files: ConfigFiles, path: string): Uint8Array {
  try {
    return files.readFile(path, MAX_CONFIG_BYTES);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `error reading ${path}`, reason, { cause: error });
  }
}

/** Puts the file's name before what is wrong with it. */
function named<T>(path: string, load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new CniError(error.code, `${path}: ${error.message}`, error.details, { cause: error });
  }
}
