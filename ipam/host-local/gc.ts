import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { GcRequest } from "../../src/cni/types.ts";
import { formatIp } from "../../src/ip/index.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { Files } from "../store/files.ts";
import { collect } from "../store/verbs.ts";
import type { HostLocalConf } from "./config.ts";
import { storeOf } from "./store.ts";

/** GC: frees the addresses of all attachments that are not listed; goes on after an error and reports all of them. */
export async function gc(
  req: GcRequest<HostLocalConf>,
  files: Files,
  ctx: Pick<PluginContext, "cwd" | "note">,
): Promise<void> {
  const store = storeOf(req.conf, files, ctx);
  const { notLeases, errors } = await collect(store, req.validAttachments);
  if (notLeases.length > 0)
    ctx.note(`${store.layout.leases}: left alone, as their content is no lease: ${notLeases.map(formatIp).join(" ")}`);
  if (errors.length > 0)
    throw new CniError(
      CNI_CODE.OPERATION_FAILED,
      `Cannot free ${errors.length} of the leases in ${store.layout.leases}`,
      errors.map(({ ip, error }) => `${formatIp(ip)}: ${error instanceof Error ? error.message : error}`).join("\n"),
    );
}
