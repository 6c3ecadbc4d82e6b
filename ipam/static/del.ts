import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { StaticConf } from "./config.ts";

/** DEL: ADD left nothing behind. Succeeds with any config, so that the rest of the clean-up goes on. */
export async function del(_req: AttachmentRequest<StaticConf>): Promise<void> {}
