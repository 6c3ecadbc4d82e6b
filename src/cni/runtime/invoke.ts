import type { Environment } from "../env.ts";
import { CNI_CODE, CniError } from "../errors.ts";
import { decodeJson, isObject } from "../json.ts";
import { lookup } from "../keys.ts";
import type { RuntimeHost } from "./host.ts";
import type { ProcessOutput } from "./spawn.ts";

/** A file that is being written over cannot be executed yet (execve(2), ETXTBSY): libcni tries this often, a second apart. */
const BUSY_TRIES = 6;
const BUSY_PAUSE_MS = 1000;

export interface PluginCall {
  /** The executable. */
  readonly path: string;
  /** The CNI variables, on top of the host's environment. */
  readonly variables: Environment;
  readonly stdin: Uint8Array;
  readonly timeoutMs?: number | undefined;
}

/**
 * Executes a plugin and gives its stdout. A plugin that fails throws the error it printed as a CniError with its own code;
 * without a readable one the code is 0 and the message says what was there instead. stderr is always passed on.
 */
export async function invokePlugin(host: RuntimeHost, call: PluginCall): Promise<Uint8Array> {
  const output = await execute(host, call);
  if (output.stderr !== "") host.forwardStderr(output.stderr);
  if (output.failure === undefined) return output.stdout;
  throw pluginError(output, output.failure);
}

async function execute(host: RuntimeHost, { path, variables, stdin, timeoutMs }: PluginCall): Promise<ProcessOutput> {
  const process = { path, env: { ...host.env, ...variables }, cwd: host.cwd, stdin, timeoutMs };
  for (let tries = 1; ; tries++) {
    try {
      return await host.exec(process);
    } catch (error) {
      if (!isBusy(error)) throw cannotExecute(path, error, CNI_CODE.OPERATION_FAILED);
      if (tries === BUSY_TRIES) throw cannotExecute(path, error, CNI_CODE.TRY_AGAIN_LATER);
      await host.sleep(BUSY_PAUSE_MS);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ETXTBSY";
}

function cannotExecute(path: string, error: unknown, code: number): CniError {
  const reason = error instanceof Error ? error.message : String(error);
  return new CniError(code, `cannot execute plugin ${JSON.stringify(path)}`, reason, { cause: error });
}

function pluginError({ stdout, stderr }: ProcessOutput, failure: string): CniError {
  const text = new TextDecoder().decode(stdout);
  if (text === "") {
    const said = stderr.trim();
    const msg = said === "" ? `with no error message: ${failure}` : `: ${JSON.stringify(said)}: ${failure}`;
    return new CniError(CNI_CODE.UNKNOWN, `netplugin failed${said === "" ? " " : ""}${msg}`);
  }
  return parseError(text) ?? unreadable(text, failure);
}

/** The error object of specification 1.1.0, "Error"; `undefined` when the text is none. */
function parseError(text: string): CniError | undefined {
  let raw: ReturnType<typeof decodeJson>;
  try {
    raw = decodeJson(text, "a plugin's error");
  } catch {
    return undefined;
  }
  if (!isObject(raw)) return undefined;
  const code = lookup(raw, "code") ?? CNI_CODE.UNKNOWN;
  const msg = lookup(raw, "msg");
  const details = lookup(raw, "details") ?? "";
  if (typeof code !== "number" || typeof msg !== "string" || typeof details !== "string") return undefined;
  return new CniError(code, msg, details);
}

function unreadable(text: string, failure: string): CniError {
  const shown = JSON.stringify(text.length > 1000 ? `${text.slice(0, 1000)}…` : text);
  return new CniError(
    CNI_CODE.UNKNOWN,
    `netplugin failed but error parsing its diagnostic message ${shown}`,
    `${failure}; what it printed is no CNI error object`,
  );
}
