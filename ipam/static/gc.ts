import type { GcRequest } from "../../src/cni/types.ts";
import type { StaticConf } from "./config.ts";

/** GC: there is no state that could be left over. */
export async function gc(_req: GcRequest<StaticConf>): Promise<void> {}
