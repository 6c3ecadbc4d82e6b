import type { CniCommand, CniResult, JsonObject } from "../../src/cni/types.ts";
import { outside, type Place } from "./place.ts";
import { findPlugin, PLUGIN_PATH } from "./plugin-dirs.ts";
import type { Ran } from "./run.ts";

export interface PluginCall {
  /** Plugin folders, first hit wins; becomes CNI_PATH too. Ours before the reference by default. */
  readonly path?: readonly string[];
  /** Folder of this executable, when it is not to be the first hit in `path`: mixes two sets of plugins. */
  readonly dir?: string | undefined;
  /** The executable's name; `conf.type` by default. */
  readonly type?: string;
  readonly command: CniCommand;
  /** What goes to stdin: an object, or text to send as it is. */
  readonly conf: JsonObject | string;
  readonly containerId?: string;
  /** CNI_NETNS; absent leaves the variable out. */
  readonly netns?: string;
  readonly ifName?: string;
  /** CNI_ARGS */
  readonly args?: string;
  /** More variables; `undefined` removes one of those set here. */
  readonly env?: Record<string, string | undefined>;
  /** The host's namespace; the one this process runs in by default, which is right only for VERSION and bad input. */
  readonly host?: Place;
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

export interface PluginAnswer extends Ran {
  /** stdout parsed; undefined when it is empty or not one JSON document. */
  readonly json: JsonObject | undefined;
}

/** Runs a CNI executable as a runtime does: variables, config on stdin, answer on stdout. Default time limit 20 s. */
export async function callPlugin(call: PluginCall): Promise<PluginAnswer> {
  const path = call.path ?? PLUGIN_PATH;
  const type = call.type ?? (typeof call.conf === "string" ? undefined : call.conf["type"]);
  if (typeof type !== "string") throw new Error("callPlugin: no type, neither given nor in the config");
  const wanted: Record<string, string | undefined> = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    CNI_COMMAND: call.command,
    CNI_PATH: path.join(":"),
    CNI_CONTAINERID: call.containerId,
    CNI_NETNS: call.netns,
    CNI_IFNAME: call.ifName,
    CNI_ARGS: call.args,
    ...call.env,
  };
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(wanted)) if (value !== undefined) env[key] = value;
  const ran = await (call.host ?? outside).run([findPlugin(type, call.dir === undefined ? path : [call.dir])], {
    stdin: typeof call.conf === "string" ? call.conf : JSON.stringify(call.conf),
    env,
    timeoutMs: call.timeoutMs ?? 20_000,
    cwd: call.cwd,
  });
  return { ...ran, json: parseObject(ran.stdout) };
}

function parseObject(stdout: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(stdout);
    return typeof value === "object" && value !== null ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** The error a plugin printed, with what a test wants to look at. */
export class PluginFailure extends Error {
  readonly answer: PluginAnswer;
  readonly type: string;
  /** CNI error code; undefined when stdout held no error object. */
  readonly code: number | undefined;

  constructor(command: CniCommand, type: string, answer: PluginAnswer) {
    super(`${type} ${command}: exit ${answer.code}\nstdout: ${answer.stdout}\nstderr: ${answer.stderr}`);
    this.answer = answer;
    this.type = type;
    const code = answer.json?.["code"];
    this.code = typeof code === "number" ? code : undefined;
  }
}

/** A result as it stands on stdout, `cniVersion` included. */
export type PrintedResult = CniResult & { cniVersion: string };

/** Runs a plugin that must succeed; the result of ADD (or VERSION), undefined where the answer is empty. */
export async function mustCall(call: PluginCall): Promise<JsonObject | undefined> {
  const answer = await callPlugin(call);
  const type = call.type ?? (typeof call.conf === "string" ? "?" : String(call.conf["type"]));
  if (answer.code !== 0) throw new PluginFailure(call.command, type, answer);
  return answer.json;
}
