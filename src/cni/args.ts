import { CNI_CODE, CniError } from "./errors.ts";

/** CNI_ARGS by key. Keys a plugin does not know are absent. */
export type CniArgs = Readonly<Record<string, string>>;

/**
 * Parses `CNI_ARGS` (`K=V;K2=V2`) the way the reference does: every pair has exactly one `=`, keys count in their case, a
 * key outside `known` is refused unless `IgnoreUnknown` is 1 or true, of equal keys the last counts. Throws CniError 4.
 * @param known the plugin's own keys, e.g. `["MAC"]`
 * @param lenient for DEL: what cannot be understood is skipped
 */
export function parseCniArgs(text: string, known: readonly string[], lenient = false): CniArgs {
  const args: Record<string, string> = {};
  const unknown: string[] = [];
  let ignoreUnknown = lenient;
  for (const pair of text === "" ? [] : text.split(";")) {
    const [key, value, ...rest] = pair.split("=");
    if (key === undefined || value === undefined || rest.length > 0) {
      if (lenient) continue;
      throw invalid(`ARGS: invalid pair ${JSON.stringify(pair)}`, "need KEY=VALUE, pairs separated by ;");
    }
    if (key === "IgnoreUnknown") ignoreUnknown = lenient || isTrue(pair, value);
    else if (known.includes(key)) args[key] = value;
    else unknown.push(pair);
  }
  if (unknown.length > 0 && !ignoreUnknown)
    throw invalid(
      `ARGS: unknown args [${unknown.map((pair) => JSON.stringify(pair)).join(" ")}]`,
      `this plugin knows ${known.length === 0 ? "none" : known.join(", ")}; IgnoreUnknown=1 lets others pass`,
    );
  return args;
}

function isTrue(pair: string, value: string): boolean {
  const word = value.toLowerCase();
  if (word === "1" || word === "true") return true;
  if (word === "0" || word === "false") return false;
  throw invalid(`ARGS: error parsing value of pair ${JSON.stringify(pair)}`, "need 1, true, 0 or false");
}

function invalid(msg: string, details: string): CniError {
  return new CniError(CNI_CODE.INVALID_ENVIRONMENT, msg, details);
}
