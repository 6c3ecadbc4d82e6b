import { CNI_VERSIONS } from "../../src/cni/types.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { type PortmapConf, parse } from "./config.ts";
import { del } from "./del.ts";
import { gc } from "./gc.ts";
import { status } from "./status.ts";

/** Ports of the host that lead to the container's. */
export const portmap: Plugin<PortmapConf> = {
  name: "portmap",
  versions: CNI_VERSIONS,
  entersNetns: false,
  parse,
  add,
  del,
  check,
  gc,
  status,
};
