import type { Native } from "../../../native/addon.ts";
import { CNI_CODE, CniError } from "../errors.ts";

/**
 * The path of a plugin's executable: the first regular file of that name in the folders (specification 1.1.0, section
 * "Execution Protocol"); as in libcni it need not be executable. CniError 7 when there is none or the name is a path, 4 when
 * no folder is given.
 */
export function findPlugin(files: Pick<Native, "stat">, name: string, folders: readonly string[]): string {
  const refuse = (msg: string, details = ""): CniError => new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, msg, details);
  if (name === "") throw refuse("no plugin name provided", 'the key "type" names the plugin');
  if (name.includes("/"))
    throw refuse(`invalid plugin name: ${name}`, "a plugin is named by its file, without a folder");
  if (folders.length === 0) throw new CniError(CNI_CODE.INVALID_ENVIRONMENT, "no paths provided", "CNI_PATH is empty");
  for (const folder of folders) {
    const path = folder.endsWith("/") ? folder + name : `${folder}/${name}`;
    if (isRegularFile(files, path)) return path;
  }
  throw refuse(`failed to find plugin ${JSON.stringify(name)} in path [${folders.join(" ")}]`);
}

/** A folder that cannot be looked into has no plugin. */
function isRegularFile(files: Pick<Native, "stat">, path: string): boolean {
  try {
    return files.stat(path, true)?.kind === "file";
  } catch {
    return false;
  }
}
