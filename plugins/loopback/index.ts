import { CNI_VERSIONS, type NetworkConfig } from "../../src/cni/types.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import { add, check, del } from "./loopback.ts";

/** Brings up `lo` in the container. It leaves nothing on the host, so GC has nothing to find, and it needs nothing. */
export const loopback: Plugin<NetworkConfig> = {
  name: "loopback",
  versions: CNI_VERSIONS,
  entersNetns: true,
  parse: (conf) => conf,
  add,
  del,
  check,
  gc: async () => {},
  status: async () => {},
};
