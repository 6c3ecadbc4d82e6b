import { CNI_VERSIONS } from "../../src/cni/types.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { type PtpConf, parse } from "./config.ts";

/** Containers each on a link of its own to the host, which routes for them. */
export const ptp: Plugin<PtpConf> = {
  name: "ptp",
  versions: CNI_VERSIONS,
  entersNetns: true,
  parse,
  add: async (req, ctx) => (await import("./add.ts")).add(req, ctx),
  del: async (req, ctx) => (await import("./del.ts")).del(req, ctx),
  check: async (req, ctx) => (await import("./check.ts")).check(req, ctx),
  gc: async (req, ctx) => (await import("./gc.ts")).gc(req, ctx),
  status: async (req, ctx) => (await import("./status.ts")).status(req, ctx),
  repair: async (req, ctx, how) => (await import("./repair.ts")).repair(req, ctx, how),
};
