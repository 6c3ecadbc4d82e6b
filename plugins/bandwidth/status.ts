import type { StatusRequest } from "../../src/cni/types.ts";
import { requireLinkKind } from "../../src/plugin/link-kind.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { BandwidthConf } from "./config.ts";

/** STATUS: code 50 when the kernel makes no IFBs; nothing is made. */
export const status = (_req: StatusRequest<BandwidthConf>, { host }: PluginContext): Promise<void> =>
  requireLinkKind(
    host,
    { kind: "ifb" },
    {
      purpose: "by which traffic from containers is limited",
      modules: "module ifb (and sch_tbf, cls_u32, act_mirred)",
    },
  );
