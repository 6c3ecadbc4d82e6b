import { chmodSync, lstatSync, mkdirSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { nativeExec } from "../../cni/runtime/spawn.ts";
import { supportedVersions } from "../../cni/runtime/version-info.ts";
import type { Surroundings } from "../surroundings.ts";
import { machineFacts, whyNotExecutable } from "./facts.ts";
import { copyAsRoot, keepUnder, sync, warm } from "./files.ts";
import { shortcomings } from "./floor.ts";
import { COMMAND, ENGINE, replacedFolder, stagingFolder } from "./layout.ts";
import { alone, requireSafeFolder } from "./lock.ts";
import { findSources, type Plan, planInstall } from "./plan.ts";

export interface InstallOptions {
  /** Absolute. */
  readonly binDir: string;
  readonly commandDir: string | undefined;
  readonly dryRun: boolean;
}

/**
 * Puts the plugins of this executable into a folder. A plugin of it that is called meanwhile works, the old or the new; after
 * a kill at any moment another install completes it. CniError where the plugins could not run.
 */
export async function install(s: Surroundings, { binDir, commandDir, dryRun }: InstallOptions): Promise<Plan> {
  const names = pluginNames(s);
  const sources = findSources(s.ownFolder, names);
  await requireFloor(s, binDir);
  requireSafeFolder(binDir);
  if (dryRun) return planInstall(sources, names, binDir, commandDir);
  makeFolder(binDir);
  return alone(s, binDir, async () => {
    const plan = planInstall(sources, names, binDir, commandDir);
    const staging = stagingFolder(binDir);
    try {
      stage(plan);
      await requireAnswers(s, staging, names.slice(0, 1), "nothing was changed");
      bringIn(plan);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
    if (plan.commandLink !== undefined) linkCommand(plan.commandLink, `${binDir}/${COMMAND}`);
    warm(`${binDir}/${ENGINE}`);
    await requireAnswers(s, binDir, names, "tsnet uninstall puts back what stood in the folder before");
    return plan;
  });
}

export const pluginNames = ({ plugins, ipams }: Surroundings): string[] =>
  [...Object.keys(plugins), ...Object.keys(ipams)].sort();

async function requireFloor(s: Surroundings, binDir: string): Promise<void> {
  const facts = await machineFacts(s);
  const found = shortcomings(facts);
  const noexec = facts.isRoot ? whyNotExecutable(nearestFolder(binDir)) : undefined;
  if (noexec !== undefined) found.push(noexec);
  if (found.length > 0)
    throw new CniError(CNI_CODE.OPERATION_FAILED, "the plugins cannot be installed here", found.join("\n"));
}

/** The folder, or the nearest one above it that is there. */
function nearestFolder(path: string): string {
  let folder = path;
  while (!lstatSync(folder, { throwIfNoEntry: false })) folder = folder.slice(0, folder.lastIndexOf("/")) || "/";
  return realpathSync(folder);
}

/** Whatever the caller's umask is, others may look into it. */
function makeFolder(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: 0o755 });
  if (made !== undefined) chmodSync(path, 0o755);
}

/** The whole installation once more, beside the folder's contents, so that it can be tried before anything is replaced. */
function stage({ binDir, files }: Plan): void {
  const folder = stagingFolder(binDir);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o755 });
  for (const { name, source, mode } of files) copyAsRoot(source, `${folder}/${name}`, mode);
}

/** rename(2) puts a file in place of another in one step, also of one that is being executed. */
function bringIn({ binDir, files }: Plan): void {
  const kept = replacedFolder(binDir);
  mkdirSync(kept, { recursive: true, mode: 0o755 });
  for (const { name, action } of files) {
    if (action === "unchanged") continue;
    if (action === "replace") keepUnder(`${binDir}/${name}`, `${kept}/${name}`);
    renameSync(`${stagingFolder(binDir)}/${name}`, `${binDir}/${name}`);
  }
  sync(binDir);
}

/** The launcher finds the executable by its own real path, so a link to it is enough. */
function linkCommand(link: string, target: string): void {
  mkdirSync(link.slice(0, link.lastIndexOf("/")), { recursive: true, mode: 0o755 });
  const temporary = `${link}.tsnet-new`;
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}

/** Each of them says which versions it supports. */
async function requireAnswers(s: Surroundings, folder: string, names: readonly string[], so: string): Promise<void> {
  const host = {
    files: s.native,
    exec: nativeExec(s.native, "here"),
    env: {},
    cwd: "/",
    forwardStderr: s.err,
    sleep: (ms: number) => Bun.sleep(ms),
  };
  for (const name of names) {
    try {
      await supportedVersions(host, `${folder}/${name}`);
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      throw new CniError(
        CNI_CODE.OPERATION_FAILED,
        `plugin "${folder}/${name}" does not answer: ${error.message}`,
        `${error.details}\n${so}`.trim(),
        { cause: error },
      );
    }
  }
}
