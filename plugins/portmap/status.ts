import type { StatusRequest } from "../../src/cni/types.ts";
import { PORT_PART } from "../../src/plugin/nat/port-table.ts";
import { requireUsable } from "../../src/plugin/nat/unusable.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { PortmapConf } from "./config.ts";

/** STATUS: code 50 when nf_tables cannot do what publishing needs; nothing is changed. */
export const status = (_req: StatusRequest<PortmapConf>, { host }: PluginContext): Promise<void> =>
  requireUsable(host, PORT_PART);
