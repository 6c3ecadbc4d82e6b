import { CNI_VERSIONS } from "../../src/cni/types.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { type FirewallConf, parse } from "./config.ts";

/** Lets the container's packets through the host's firewall, and keeps networks apart. */
export const firewall: Plugin<FirewallConf> = {
  name: "firewall",
  // As the reference: without CHECK and interfaces in results there is no firewall.
  versions: CNI_VERSIONS.slice(CNI_VERSIONS.indexOf("0.4.0")),
  entersNetns: false,
  parse,
  add: async (req, ctx) => (await import("./add.ts")).add(req, ctx),
  del: async (req, ctx) => (await import("./del.ts")).del(req, ctx),
  check: async (req, ctx) => (await import("./check.ts")).check(req, ctx),
  gc: async (req, ctx) => (await import("./gc.ts")).gc(req, ctx),
  status: async (req, ctx) => (await import("./status.ts")).status(req, ctx),
  repair: async (req, ctx, how) => (await import("./repair.ts")).repair(req, ctx, how),
};
