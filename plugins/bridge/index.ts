import { CNI_VERSIONS } from "../../src/cni/types.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { type BridgeConf, parse } from "./config.ts";
import { del } from "./del.ts";
import { gc } from "./gc.ts";
import { status } from "./status.ts";

/** Containers on a Linux bridge of the host, each by a veth pair. */
export const bridge: Plugin<BridgeConf> = {
  name: "bridge",
  versions: CNI_VERSIONS,
  entersNetns: true,
  parse,
  add,
  del,
  check,
  gc,
  status,
};
