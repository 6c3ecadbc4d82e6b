import type { Native } from "../../native/addon.ts";
import type { Invocation } from "../cni/handler.ts";
import { stderrOf, writeQuietly } from "../cni/io.ts";
import { encodeJson } from "../cni/json.ts";
import { type DelegateHost, delegateAdd, delegateCall } from "../cni/runtime/delegate.ts";
import { findPlugin } from "../cni/runtime/find.ts";
import { nativeExec } from "../cni/runtime/spawn.ts";
import type { Ipam, IpamProvider } from "../plugin/ipam.ts";
import type { Plugin, PluginContext } from "../plugin/plugin.ts";
import { IPAMS } from "./registry.ts";

export interface IpamSurroundings {
  readonly native: Native;
  /** The launcher this process was started by: it stands beside the executable, under the plugin's name. */
  readonly ownLauncher: string;
  readonly call: Invocation;
}

/**
 * The IPAM a config names. When CNI_PATH leads to our own launcher (byte for byte the one beside this executable) it runs
 * in this process, which spares a start; anything else is executed, as the specification says, also a plugin of somebody
 * else's that stands in our folder.
 */
export function ipamProvider(
  { native, ownLauncher, call }: IpamSurroundings,
  context: Omit<PluginContext, "ipam">,
): IpamProvider {
  return {
    of(type, config) {
      const path = findPlugin(native, type, call.cniPath);
      const own = IPAMS[type];
      if (own && isOurLauncher(native, ownLauncher, path)) return inProcess(own, { ...context, ipam: noIpam });
      return executed(
        type,
        { ...call, env: inherited(call.env), ...(config && { stdin: new TextEncoder().encode(encodeJson(config)) }) },
        {
          files: native,
          exec: nativeExec(native, "here"),
          forwardStderr: (text) => writeQuietly(stderrOf(native), text),
          sleep: (ms) => Bun.sleep(ms),
        },
      );
    },
  };
}

/** The caller's environment: without what the launcher put into it for this executable alone. */
function inherited(env: Invocation["env"]): Invocation["env"] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^TSNET_/.test(name)));
}

/** Launchers are a few KiB; what is larger is none of ours. */
const MAX_LAUNCHER_BYTES = 64 * 1024;

function isOurLauncher(native: Native, ours: string, found: string): boolean {
  const [a, b] = [native.stat(ours, true), native.stat(found, true)];
  if (!a || !b || a.size !== b.size || a.size > MAX_LAUNCHER_BYTES) return false;
  if (a.dev === b.dev && a.ino === b.ino) return true;
  const [x, y] = [native.readFile(ours, MAX_LAUNCHER_BYTES), native.readFile(found, MAX_LAUNCHER_BYTES)];
  return Buffer.compare(x, y) === 0;
}

/** An IPAM plugin of ours, called in this process. */
export function inProcess(load: () => Promise<Plugin>, context: PluginContext): Ipam {
  const strict = { lenient: false };
  const lenient = { lenient: true };
  return {
    async add(req) {
      const plugin = await load();
      return plugin.add({ ...req, conf: plugin.parse(req.conf, strict) }, context);
    },
    async del(req) {
      const plugin = await load();
      await plugin.del({ ...req, conf: plugin.parse(req.conf, lenient) }, context);
    },
    async check(req) {
      const plugin = await load();
      await plugin.check({ ...req, conf: plugin.parse(req.conf, strict) }, context);
    },
    async gc(req) {
      const plugin = await load();
      await plugin.gc({ ...req, conf: plugin.parse(req.conf, lenient) }, context);
    },
    async status(req) {
      const plugin = await load();
      await plugin.status({ ...req, conf: plugin.parse(req.conf, strict) }, context);
    },
  };
}

function executed(type: string, call: Invocation, host: DelegateHost): Ipam {
  return {
    add: (req) => delegateAdd(host, type, call, req.conf.cniVersion),
    del: () => delegateCall(host, type, "DEL", call),
    check: () => delegateCall(host, type, "CHECK", call),
    gc: () => delegateCall(host, type, "GC", call),
    status: () => delegateCall(host, type, "STATUS", call),
  };
}

/** An IPAM plugin has no IPAM of its own. */
export const noIpam: IpamProvider = {
  of(type) {
    throw new Error(`an IPAM plugin asked for IPAM "${type}"`);
  },
};
