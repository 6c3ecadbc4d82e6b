import { CNI_CODE, CniError } from "../errors.ts";
import { decodeJsonObject, encodeJson } from "../json.ts";
import { fields } from "../keys.ts";
import { ASSUMED_VERSION, CURRENT_VERSION } from "../version.ts";
import type { RuntimeHost } from "./host.ts";
import { invokePlugin } from "./invoke.ts";

/**
 * The versions a plugin says it supports (verb VERSION). One too old to know the verb has 0.1.0; one of 0.2.0 that gives no
 * list has 0.1.0 and 0.2.0.
 */
export async function supportedVersions(host: RuntimeHost, path: string): Promise<string[]> {
  const stdin = new TextEncoder().encode(encodeJson({ cniVersion: CURRENT_VERSION }));
  // Plugins of the first versions check these before the verb.
  const variables = { CNI_COMMAND: "VERSION", CNI_NETNS: "dummy", CNI_IFNAME: "dummy", CNI_PATH: "dummy" };
  try {
    return parseVersionInfo(await invokePlugin(host, { path, variables, stdin }), path);
  } catch (error) {
    if (error instanceof CniError && error.message === "unknown CNI_COMMAND: VERSION") return [ASSUMED_VERSION];
    throw error;
  }
}

function parseVersionInfo(stdout: Uint8Array, path: string): string[] {
  const what = `the VERSION answer of ${JSON.stringify(path)}`;
  const info = fields(decodeJsonObject(stdout, what), "");
  const own = info.string("cniVersion") ?? "";
  const list = info.strings("supportedVersions") ?? [];
  if (own === "") throw new CniError(CNI_CODE.DECODING_FAILURE, `cannot decode ${what}: key "cniVersion" is missing`);
  if (list.length > 0) return list;
  if (own === "0.2.0") return ["0.1.0", "0.2.0"];
  throw new CniError(CNI_CODE.DECODING_FAILURE, `cannot decode ${what}: key "supportedVersions" is missing`);
}
