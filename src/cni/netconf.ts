import { CNI_CODE, CniError } from "./errors.ts";
import { decodeJsonObject, isObject, show } from "./json.ts";
import { lookup, looseBool, wrongKey } from "./keys.ts";
import { parseResult } from "./result-parse.ts";
import type { CniResult, CniVersion, JsonObject } from "./types.ts";
import { validateNetworkName } from "./validate.ts";
import { ASSUMED_VERSION } from "./version.ts";

/** What of a plugin's configuration every plugin checks first; the version is not yet known to be supported. */
export interface RawConfig {
  readonly raw: JsonObject;
  readonly name: string;
  /** As it came; 0.1.0 when absent or empty. */
  readonly cniVersion: string;
  /** Empty when absent: the runtime has found the plugin already. */
  readonly type: string;
}

/** Decodes stdin: CniError 6 when it is no JSON object or has a name or version of the wrong type, 7 for a bad name. */
export function parseConfig(stdin: Uint8Array): RawConfig {
  const raw = decodeJsonObject(stdin, "the network configuration on stdin");
  const name = text(raw, "name");
  validateNetworkName(name);
  return {
    raw,
    name,
    cniVersion: text(raw, "cniVersion") || ASSUMED_VERSION,
    type: text(raw, "type"),
  };
}

/** `disableCheck` belongs into a list, where the runtime obeys it; in a single plugin's config CHECK obeys it too. */
export function isCheckDisabled(raw: JsonObject): boolean {
  const value = lookup(raw, "disableCheck") ?? false;
  const disabled = looseBool(value);
  if (disabled === undefined) throw wrongKey("disableCheck", "true or false", value);
  return disabled;
}

/** The result of the plugin before this one, read in the config's version; `undefined` when absent or `null`. */
export function parsePrevResult(raw: JsonObject, version: CniVersion): CniResult | undefined {
  const prevResult = lookup(raw, "prevResult");
  if (prevResult === undefined) return undefined;
  if (!isObject(prevResult)) throw wrongKey("prevResult", "an object", prevResult);
  return parseResult(prevResult, version, "prevResult");
}

function text(raw: JsonObject, key: string): string {
  const value = lookup(raw, key) ?? "";
  if (typeof value !== "string")
    throw new CniError(
      CNI_CODE.DECODING_FAILURE,
      `cannot decode the network configuration on stdin: key "${key}": need a string, have ${show(value)}`,
    );
  return value;
}
