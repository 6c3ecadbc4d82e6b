import type { StatusRequest } from "../../src/cni/types.ts";
import type { StaticConf } from "./config.ts";

/** STATUS: ready whenever the config reads, which `parse` has proved. */
export async function status(_req: StatusRequest<StaticConf>): Promise<void> {}
