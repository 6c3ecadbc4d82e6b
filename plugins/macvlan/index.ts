import { CNI_VERSIONS } from "../../src/cni/types.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { type MacvlanConf, parse } from "./config.ts";

/** Containers on the host's own network segment, each with a hardware address of its own on an interface of the host. */
export const macvlan: Plugin<MacvlanConf> = {
  name: "macvlan",
  versions: CNI_VERSIONS,
  entersNetns: true,
  parse,
  add: async (req, ctx) => (await import("./add.ts")).add(req, ctx),
  del: async (req, ctx) => (await import("./del.ts")).del(req, ctx),
  check: async (req, ctx) => (await import("./check.ts")).check(req, ctx),
  gc: async (req, ctx) => (await import("./gc.ts")).gc(req, ctx),
  status: async (req, ctx) => (await import("./status.ts")).status(req, ctx),
};
