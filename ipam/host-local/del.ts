import type { AttachmentRequest } from "../../src/cni/types.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { Files } from "../store/files.ts";
import { release } from "../store/verbs.ts";
import type { HostLocalConf } from "./config.ts";
import { storeOf } from "./store.ts";

/** DEL: frees every address of the attachment, whatever the ranges say today. Nothing there is success. */
export async function del(
  req: AttachmentRequest<HostLocalConf>,
  files: Files,
  ctx: Pick<PluginContext, "cwd">,
): Promise<void> {
  await release(storeOf(req.conf, files, ctx), req.containerId, req.ifName);
}
