/**
 * Runs plugins' functions in the namespace it is started in, one request a line on stdin, one answer a line on stdout, and
 * makes one call of each request fail. What an executable does, without its process: so that the failing call can be chosen.
 */
import { loadNative } from "../../native/load.ts";
import type { Invocation } from "../../src/cni/handler.ts";
import type { AttachmentRequest, CniResult, JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { openKernel } from "../../src/kernel/open.ts";
import { ipamProvider } from "../../src/main/ipam-provider.ts";
import { IPAMS, PLUGINS } from "../../src/main/registry.ts";
import { toCniError } from "../../src/plugin/errors.ts";
import { type Fault, faulty, type Watch } from "./faulty.ts";

export interface DriverRequest {
  readonly command: "ADD" | "DEL";
  /** As on stdin of the executable, in the newest form. */
  readonly conf: JsonObject;
  readonly containerId: string;
  readonly netns: string;
  readonly args?: string;
  /** Our plugin folder, where delegates are. */
  readonly folder: string;
  readonly fault?: Fault;
}

export interface DriverAnswer {
  readonly result?: CniResult;
  readonly error?: { code: number; msg: string; details: string };
  readonly calls: readonly string[];
  readonly fired?: string;
}

async function answer(request: DriverRequest): Promise<DriverAnswer> {
  const { command, conf: raw, containerId, netns, args = "", folder, fault } = request;
  const type = String(raw["type"]);
  const load = PLUGINS[type] ?? IPAMS[type];
  if (!load) throw new Error(`no plugin ${type}`);
  const plugin = await load();
  const native = loadNative();
  const note = (): void => {};
  const conf: NetworkConfig = {
    cniVersion: "1.1.0",
    name: String(raw["name"]),
    type,
    raw,
    ...(raw["prevResult"] ? { prevResult: raw["prevResult"] as CniResult } : {}),
  };
  const req: AttachmentRequest = { conf, containerId, ifName: "eth0", netns, args };
  const stdin = new TextEncoder().encode(JSON.stringify(raw));
  const call: Invocation = { command, env: {}, cniPath: [folder], cwd: "/", stdin, note };
  const watch: Watch = { calls: [], fired: undefined };
  await using host = openKernel(native, { waiting: "here" });
  const provider = ipamProvider({ native, ownLauncher: `${folder}/${type}`, call }, { host, cwd: "/", note });
  const ctx = {
    host: faulty(host, "host", watch, fault),
    ipam: faulty(provider, "ipam", watch, fault),
    cwd: "/",
    note,
  };
  try {
    const parsed = { ...req, conf: plugin.parse(conf, { lenient: command === "DEL" }) };
    const result = command === "ADD" ? await plugin.add(parsed, ctx) : undefined;
    if (command === "DEL") await plugin.del(parsed, ctx);
    return { ...(result && { result }), calls: watch.calls, ...(watch.fired && { fired: watch.fired }) };
  } catch (thrown) {
    const error = toCniError(thrown);
    if (!error) throw thrown;
    const { code, message: msg, details } = error;
    return { error: { code, msg, details }, calls: watch.calls, ...(watch.fired && { fired: watch.fired }) };
  }
}

if (import.meta.main)
  for await (const line of console) {
    if (line === "") continue;
    const reply = await answer(JSON.parse(line) as DriverRequest).catch((bug: unknown) => ({
      error: { code: 999, msg: String(bug), details: bug instanceof Error ? (bug.stack ?? "") : "" },
      calls: [],
    }));
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
