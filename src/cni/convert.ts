import { CNI_CODE, CniError } from "./errors.ts";
import { lookup } from "./keys.ts";
import { resultToJson } from "./result-format.ts";
import { parseResult } from "./result-parse.ts";
import type { CniResult, CniVersion, JsonObject } from "./types.ts";
import { ASSUMED_VERSION, isCniVersion } from "./version.ts";

/**
 * The version a result document says it has. A plugin may leave it out, then it has its config's; standing alone (as in a
 * cache file) it would be 0.1.0.
 * @throws CniError 7 for a version nobody can convert from
 */
export function versionOfResult(raw: JsonObject, assumed: string = ASSUMED_VERSION): CniVersion {
  const own = lookup(raw, "cniVersion");
  const version = typeof own === "string" && own !== "" ? own : assumed;
  if (!isCniVersion(version))
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `no converter for CNI result version ${version}`,
      "known are 0.1.0 to 1.1.0",
    );
  return version;
}

/** Reads a result in whatever known version it says it has; `assumed` when it says none. */
export function readResult(raw: JsonObject, assumed: string, path = "result"): CniResult {
  return parseResult(raw, versionOfResult(raw, assumed), path);
}

/**
 * A result document in another version (specification 1.1.0 leaves conversion to implementations; this is the
 * reference library's table).
 * @throws CniError 7 `no converter for CNI result version X to Y` for a version that does not exist
 */
export function convertResult(raw: JsonObject, toVersion: string): JsonObject {
  const from = versionOfResult(raw);
  if (!isCniVersion(toVersion))
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `no converter for CNI result version ${from} to ${toVersion}`,
      "known are 0.1.0 to 1.1.0",
    );
  return resultToJson(parseResult(raw, from), toVersion);
}
