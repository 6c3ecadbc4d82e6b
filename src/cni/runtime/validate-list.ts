import { CNI_CODE, CniError } from "../errors.ts";
import type { NetworkList } from "./config-list.ts";
import { findPlugin } from "./find.ts";
import type { Runtime } from "./host.ts";
import { supportedVersions } from "./version-info.ts";

/**
 * Whether every plugin of a list is there and supports exactly its version; all that is wrong comes in one error. Gives the
 * capabilities that any plugin has switched on, sorted.
 */
export async function validateNetworkList({ host, cniPath }: Runtime, list: NetworkList): Promise<string[]> {
  const problems: CniError[] = [];
  for (const plugin of list.plugins) {
    try {
      const versions = await supportedVersions(host, findPlugin(host.files, plugin.type, cniPath));
      if (!versions.includes(list.cniVersion))
        throw new CniError(
          CNI_CODE.INCOMPATIBLE_VERSION,
          `plugin ${plugin.type} does not support config version ${JSON.stringify(list.cniVersion)}`,
          `it supports ${versions.join(", ")}`,
        );
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      problems.push(error);
    }
  }
  const [first] = problems;
  if (first !== undefined) {
    const details = problems.map((problem) => problem.details).filter((text) => text !== "");
    throw new CniError(first.code, problems.map((problem) => problem.message).join("; "), details.join("; "));
  }
  return [...new Set(list.plugins.flatMap((plugin) => plugin.capabilities))].sort();
}
