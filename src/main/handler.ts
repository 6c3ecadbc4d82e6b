import type { Native } from "../../native/addon.ts";
import type { CommandHandler, Invocation } from "../cni/handler.ts";
import { RELEASE } from "../cni/release.ts";
import type { AttachmentRequest, GcRequest, StatusRequest } from "../cni/types.ts";
import type { IpamProvider } from "../plugin/ipam.ts";
import type { Plugin, PluginContext } from "../plugin/plugin.ts";

/** Gives the IPAM of one call; asked when a plugin asks. */
export type IpamsOf = (call: Invocation, context: Omit<PluginContext, "ipam">) => Promise<IpamProvider>;

/** Of an executable: ours where CNI_PATH leads to our own launcher in that folder, executed otherwise. */
export const ipamsByPath =
  (native: Native, ownFolder: string, plugin: string): IpamsOf =>
  async (call, context) =>
    (await import("./ipam-provider.ts")).ipamProvider({ native, ownLauncher: `${ownFolder}/${plugin}`, call }, context);

/** A plugin as the executable's frame calls it: one kernel per call, closed at its end. */
export function commandHandler(plugin: Plugin, native: Native, ipamsOf: IpamsOf): CommandHandler {
  async function inContext<T>(call: Invocation, run: (ctx: PluginContext) => Promise<T>): Promise<T> {
    // VERSION needs neither.
    const { openKernel } = await import("../kernel/open.ts");
    const host = openKernel(native, { waiting: "here" });
    // Not `await using`, whose first use costs 65 µs.
    try {
      const context = { host, cwd: call.cwd, note: call.note };
      return await run({ ...context, ipam: await ipamsOf(call, context) });
    } finally {
      await host[Symbol.asyncDispose]();
    }
  }
  const parsed = <R extends AttachmentRequest | GcRequest | StatusRequest>(req: R, lenient: boolean) => ({
    ...req,
    conf: plugin.parse(req.conf, { lenient }),
  });
  return {
    name: plugin.name,
    release: RELEASE,
    versions: plugin.versions,
    entersNetns: plugin.entersNetns,
    add: (req, call) => inContext(call, (ctx) => plugin.add(parsed(req, false), ctx)),
    del: (req, call) => inContext(call, (ctx) => plugin.del(parsed(req, true), ctx)),
    check: (req, call) => inContext(call, (ctx) => plugin.check(parsed(req, false), ctx)),
    gc: (req, call) => inContext(call, (ctx) => plugin.gc(parsed(req, true), ctx)),
    status: (req, call) => inContext(call, (ctx) => plugin.status(parsed(req, false), ctx)),
  };
}
