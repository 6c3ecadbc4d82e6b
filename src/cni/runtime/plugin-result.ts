import { readResult } from "../convert.ts";
import { CNI_CODE, CniError } from "../errors.ts";
import { decodeJsonObject } from "../json.ts";
import type { CniResult } from "../types.ts";

/**
 * Reads what a plugin printed on ADD. A result without version has its config's; `null` is an empty one. CniError 6 for
 * what is no result.
 * @param plugin its name, for the error
 */
export function parsePluginResult(stdout: Uint8Array, configVersion: string, plugin: string): CniResult {
  const what = `the result of plugin ${JSON.stringify(plugin)}`;
  const raw = decodeJsonObject(stdout, what);
  try {
    return readResult(raw, configVersion);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new CniError(CNI_CODE.DECODING_FAILURE, `cannot decode ${what}: ${error.message}`, error.details);
  }
}
