import { CNI_VERSIONS } from "../../src/cni/types.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { parse, type TuningConf } from "./config.ts";
import type { Files } from "./files.ts";

/** Kernel parameters of a container, and properties of its interface, on the given file functions, asked for at each call. */
export const tuningOn = (files: () => Files): Plugin<TuningConf> => ({
  name: "tuning",
  versions: CNI_VERSIONS,
  entersNetns: true,
  parse,
  add: async (req, ctx) => (await import("./add.ts")).add(req, ctx, files()),
  del: async (req, ctx) => (await import("./del.ts")).del(req, ctx, files()),
  check: async (req, ctx) => (await import("./check.ts")).check(req, ctx),
  gc: async (req, ctx) => (await import("./gc.ts")).gc(req, ctx, files()),
  status: async (req, ctx) => (await import("./status.ts")).status(req, ctx, files()),
});
