import { CNI_CODE, CniError } from "../errors.ts";
import type { Invocation } from "../handler.ts";
import type { CniCommand, CniResult } from "../types.ts";
import { findPlugin } from "./find.ts";
import type { RuntimeHost } from "./host.ts";
import { invokePlugin } from "./invoke.ts";
import { parsePluginResult } from "./plugin-result.ts";

/**
 * Calling another plugin from within one, as for IPAM (specification 1.1.0, section 4): found in the caller's CNI_PATH,
 * with the caller's environment, folder and whole stdin; only CNI_COMMAND differs.
 */

/** What delegation needs of its process; environment and folder are the caller's. */
export type DelegateHost = Pick<RuntimeHost, "files" | "exec" | "forwardStderr" | "sleep">;

/**
 * ADD of a delegate. When it fails, or prints what is no result, it gets a DEL before the failure is thrown: it may have
 * done half.
 * @param name file name of the plugin, e.g. `ipam.type`
 * @param configVersion `cniVersion` of the config, for a result that names none
 */
export async function delegateAdd(
  host: DelegateHost,
  name: string,
  call: Invocation,
  configVersion: string,
): Promise<CniResult> {
  const path = findPlugin(host.files, name, call.cniPath);
  try {
    return parsePluginResult(await execute(host, path, "ADD", call), configVersion, name);
  } catch (error) {
    await takeBack(host, path, name, call);
    throw described(name, error);
  }
}

/** Any verb without a result. */
export async function delegateCall(
  host: DelegateHost,
  name: string,
  command: Exclude<CniCommand, "ADD" | "VERSION">,
  call: Invocation,
): Promise<void> {
  const path = findPlugin(host.files, name, call.cniPath);
  try {
    await execute(host, path, command, call);
  } catch (error) {
    throw described(name, error);
  }
}

function execute(host: DelegateHost, path: string, command: CniCommand, call: Invocation): Promise<Uint8Array> {
  const { env, cwd, stdin } = call;
  return invokePlugin({ ...host, env, cwd }, { path, variables: { CNI_COMMAND: command }, stdin });
}

async function takeBack(host: DelegateHost, path: string, name: string, call: Invocation): Promise<void> {
  try {
    await execute(host, path, "DEL", call);
  } catch (error) {
    call.note(`DEL of ${name} after its failed ADD: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Keeps the delegate's own code; what came without one is a failed operation of ours. */
function described(name: string, error: unknown): unknown {
  if (!(error instanceof CniError)) return error;
  const code = error.code === CNI_CODE.UNKNOWN ? CNI_CODE.OPERATION_FAILED : error.code;
  return new CniError(code, `plugin ${JSON.stringify(name)} failed: ${error.message}`, error.details, { cause: error });
}
