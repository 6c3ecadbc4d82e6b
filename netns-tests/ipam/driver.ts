/** host-local as a process of its own, for as long as `dist/cni` is not built: the plugin behind the executable's frame. */
import { hostLocal } from "../../ipam/host-local/index.ts";
import { loadNative } from "../../native/load.ts";
import { runPlugin } from "../../src/cni/frame.ts";
import type { CommandHandler, Invocation } from "../../src/cni/handler.ts";
import { processIo } from "../../src/cni/io.ts";
import type { NetworkConfig } from "../../src/cni/types.ts";
import { toCniError } from "../../src/plugin/errors.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";

/** host-local touches neither the kernel nor another IPAM. */
export function contextOf(call: Pick<Invocation, "note" | "cwd">): PluginContext {
  const untouched = (): never => {
    throw new Error("an IPAM plugin asked for the kernel or for another IPAM");
  };
  return {
    get host() {
      return untouched();
    },
    get ipam() {
      return untouched();
    },
    cwd: call.cwd,
    note: call.note,
  };
}

const parsed = <R extends { conf: NetworkConfig }>(req: R, lenient: boolean) => ({
  ...req,
  conf: hostLocal.parse(req.conf, { lenient }),
});

const handler: CommandHandler = {
  name: hostLocal.name,
  release: "test",
  versions: hostLocal.versions,
  entersNetns: hostLocal.entersNetns,
  add: (req, call) => hostLocal.add(parsed(req, false), contextOf(call)),
  del: (req, call) => hostLocal.del(parsed(req, true), contextOf(call)),
  check: (req, call) => hostLocal.check(parsed(req, false), contextOf(call)),
  gc: (req, call) => hostLocal.gc(parsed(req, true), contextOf(call)),
  status: (req, call) => hostLocal.status(parsed(req, false), contextOf(call)),
};

if (import.meta.main)
  process.exit(await runPlugin(handler, processIo(loadNative(), process.env, process.cwd()), toCniError));
