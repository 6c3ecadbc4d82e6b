import { CNI_VERSIONS } from "../../src/cni/types.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { type BandwidthConf, parse } from "./config.ts";

/** Limits how fast traffic goes to a container and comes from it. */
export const bandwidth: Plugin<BandwidthConf> = {
  name: "bandwidth",
  // As the reference: results before 0.3.0 list no interfaces.
  versions: CNI_VERSIONS.filter((version) => version >= "0.3.0"),
  entersNetns: true,
  parse,
  add: async (req, ctx) => (await import("./add.ts")).add(req, ctx),
  del: async (req, ctx) => (await import("./del.ts")).del(req, ctx),
  check: async (req, ctx) => (await import("./check.ts")).check(req, ctx),
  gc: async (req, ctx) => (await import("./gc.ts")).gc(req, ctx),
  status: async (req, ctx) => (await import("./status.ts")).status(req, ctx),
};
