import { CNI_VERSIONS } from "../../src/cni/types.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { parseConf, type StaticConf } from "./config.ts";
import { del } from "./del.ts";
import { gc } from "./gc.ts";
import { status } from "./status.ts";

/** IPAM with addresses given in the config or by the runtime; keeps no state. */
export const staticIpam: Plugin<StaticConf> = {
  name: "static",
  versions: CNI_VERSIONS,
  entersNetns: false,
  parse: parseConf,
  add: async (req) => add(req),
  del,
  check: async (req) => check(req),
  gc,
  status,
};
