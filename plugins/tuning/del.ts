import type { AttachmentRequest } from "../../src/cni/types.ts";
import { absolute } from "../../src/plugin/absolute.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { enterIfThere, isProvenOurs } from "../../src/plugin/attachment-links.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { TuningConf } from "./config.ts";
import type { Files } from "./files.ts";
import { type Before, recordsOf, removeRecord } from "./record.ts";
import { restore } from "./restore.ts";

/** DEL: puts back what ADD wrote down, where the namespace is still the one it was, and removes the record. */
export async function del(req: AttachmentRequest<TuningConf>, ctx: PluginContext, files: Files): Promise<void> {
  const folder = absolute(req.conf.dataDir, ctx, "dataDir");
  for (const { path, record } of recordsOf(files, folder, attachmentOf(req))) {
    await putBack(req, ctx, record);
    removeRecord(files, path);
  }
}

async function putBack(req: AttachmentRequest<TuningConf>, ctx: PluginContext, record: Before): Promise<void> {
  if (req.netns === "") return;
  await using sandbox = await enterIfThere(ctx.host, req.netns);
  if (!sandbox || sandbox.identity === ctx.host.identity) return;
  const { ours } = record;
  if (ours && ours.identity !== sandbox.identity) return;
  // The reference's records know the interface by its name alone: whose it is must be proved otherwise.
  const link = await sandbox.link.get(ours ? ours.link : req.ifName);
  await restore(sandbox, link && (ours || isProvenOurs(link, req)) ? link : undefined, record, ctx.note);
}
