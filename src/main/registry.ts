import { loadNative } from "../../native/load.ts";
import type { Plugin } from "../plugin/plugin.ts";

type Loader = () => Promise<Plugin>;

/**
 * Every plugin of the executable by name. Each is loaded when it is called, so that none pays for the others.
 * A `Plugin<C>` hands its own config from `parse` to its verbs; outside nobody looks into it.
 */
export const PLUGINS: Readonly<Record<string, Loader>> = {
  bandwidth: async () => (await import("../../plugins/bandwidth/index.ts")).bandwidth as Plugin,
  bridge: async () => (await import("../../plugins/bridge/index.ts")).bridge as Plugin,
  firewall: async () => (await import("../../plugins/firewall/index.ts")).firewall as Plugin,
  loopback: async () => (await import("../../plugins/loopback/index.ts")).loopback as Plugin,
  macvlan: async () => (await import("../../plugins/macvlan/index.ts")).macvlan as Plugin,
  portmap: async () => (await import("../../plugins/portmap/index.ts")).portmap as Plugin,
  ptp: async () => (await import("../../plugins/ptp/index.ts")).ptp as Plugin,
  tuning: async () => (await import("../../plugins/tuning/index.ts")).tuningOn(loadNative) as Plugin,
  vxlan: async () => {
    const { vxlanOn } = await import("../../plugins/vxlan/index.ts");
    const { bridge } = await import("../../plugins/bridge/index.ts");
    return vxlanOn({ files: loadNative, bridge: bridge as Plugin }) as Plugin;
  },
};

/** IPAM plugins: executables of their own, and run in-process by ours. */
export const IPAMS: Readonly<Record<string, Loader>> = {
  "host-local": async () => (await import("../../ipam/host-local/index.ts")).hostLocal as Plugin,
  static: async () => (await import("../../ipam/static/index.ts")).staticIpam as Plugin,
};
