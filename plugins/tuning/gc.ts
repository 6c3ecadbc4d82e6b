import { isErrno, listIfThere } from "../../ipam/store/files.ts";
import type { GcRequest } from "../../src/cni/types.ts";
import { absolute } from "../../src/plugin/absolute.ts";
import { enterIfThere, MARK_PAUSE_MS } from "../../src/plugin/attachment-links.ts";
import { networkHash } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { allOf } from "../../src/plugin/steps.ts";
import { validOf } from "../../src/plugin/valid.ts";
import type { TuningConf } from "./config.ts";
import type { Files } from "./files.ts";
import { type Before, readRecord, removeRecord } from "./record.ts";
import { restore } from "./restore.ts";

/** What a file that replaces a record is called until it is whole. */
const PASSING = /\/\.tsnet-[0-9a-f]{16}\.tmp$/;

/**
 * GC: for this network's attachments that are not listed puts back what was, where their namespace still stands, and
 * removes their records. The reference's records name no network and stay.
 */
export async function gc(req: GcRequest<TuningConf>, ctx: PluginContext, files: Files): Promise<void> {
  const folder = absolute(req.conf.dataDir, ctx, "dataDir");
  const network = req.conf.name;
  const own = networkHash(network);
  const valid = validOf(req);
  const stale: { path: string; record: Before }[] = [];
  const halfMade: string[] = [];
  for (const name of listIfThere(files, folder)) {
    const path = `${folder}/${name}`;
    if (isHalfMade(files, path)) halfMade.push(path);
    const record = name.endsWith(".json") ? recordAt(files, path) : undefined;
    if (record?.ours?.owner.network === own && !valid.has(record.ours.owner.attachment)) stale.push({ path, record });
  }
  await allOf([
    ...stale.map(
      ({ path, record }) =>
        [
          `remove "${path}"`,
          async () => {
            await putBack(record, ctx);
            removeRecord(files, path);
          },
        ] as const,
    ),
    ["remove half-made records", () => removeHalfMade(files, halfMade)],
  ]);
  if (stale.length > 0)
    ctx.note(`GC of network "${network}": removed ${stale.length} records of attachments that are not valid any more`);
}

/** What is no regular file, or goes while we look, is none. */
function recordAt(files: Files, path: string): Before | undefined {
  try {
    return readRecord(files, path);
  } catch (error) {
    if (isErrno(error, "EINVAL", "EISDIR", "EFBIG", "ELOOP")) return undefined;
    throw error;
  }
}

/** What a killed ADD leaves of its writing: a record without a word, or a file under its passing name. */
function isHalfMade(files: Files, path: string): boolean {
  const is = files.stat(path, false);
  return is?.kind === "file" && (PASSING.test(path) || (path.endsWith(".json") && is.size === 0));
}

/** One that is being written looks like that for a moment as well. */
async function removeHalfMade(files: Files, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  await Bun.sleep(MARK_PAUSE_MS);
  for (const path of paths) if (isHalfMade(files, path)) removeRecord(files, path);
}

async function putBack(record: Before, { host, note }: PluginContext): Promise<void> {
  const { ours } = record;
  if (!ours || ours.netns === "") return;
  await using sandbox = await enterIfThere(host, ours.netns);
  if (!sandbox || sandbox.identity === host.identity || sandbox.identity !== ours.identity) return;
  await restore(sandbox, await sandbox.link.get(ours.link), record, note);
}
