import { CNI_VERSIONS } from "../../src/cni/types.ts";
import type { Files } from "../../src/plugin/overlay/files.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { parse, type VxlanConf } from "./config.ts";

/** What the plugin stands on beside the kernel. */
export interface Parts {
  /** Asked for at each call. */
  readonly files: () => Files;
  /** The plugin that attaches containers to this host's bridge. */
  readonly bridge: Plugin;
}

/** Containers of several hosts on one network: a bridge on each, routed to the others' through VXLAN. */
export function vxlanOn(parts: Parts): Plugin<VxlanConf> {
  return {
    name: "vxlan",
    versions: CNI_VERSIONS,
    entersNetns: true,
    parse: (conf, how) => parse(conf, how, parts.bridge),
    add: async (req, ctx) => (await import("./add.ts")).add(req, ctx, parts),
    del: async (req, ctx) => (await import("./del.ts")).del(req, ctx, parts),
    check: async (req, ctx) => (await import("./check.ts")).check(req, ctx, parts),
    gc: async (req, ctx) => (await import("./gc.ts")).gc(req, ctx, parts),
    status: async (req, ctx) => (await import("./status.ts")).status(req, ctx, parts),
    repair: async (req, ctx, how) => (await import("./repair.ts")).repair(req, ctx, how, parts),
  };
}
