import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import type { Surroundings } from "../surroundings.ts";
import { sync } from "./files.ts";
import { ADDON, COMMAND, ENGINE, EXECUTABLE, linkTarget, occupantOf, replacedFolder, stateFolder } from "./layout.ts";
import { alone, requireSafeFolder } from "./lock.ts";

export interface UninstallOptions {
  readonly binDir: string;
  readonly commandDir: string | undefined;
  readonly dryRun: boolean;
}

export interface Removed {
  readonly path: string;
  readonly action: "removed" | "put back";
}

const RUNTIME: readonly string[] = [ENGINE, EXECUTABLE, ADDON];
/** A launcher that was called just before it went away has found its executable and addon by then. */
const START_MS = 500;

/**
 * Takes an installation away, of whatever version, and puts the executables back that stood there before. Launchers go
 * first: as long as one is there, so is what it executes.
 */
export async function uninstall(s: Surroundings, options: UninstallOptions): Promise<Removed[]> {
  const { binDir, commandDir, dryRun } = options;
  if (!existsSync(stateFolder(binDir)))
    throw new CniError(
      CNI_CODE.OPERATION_FAILED,
      `"${binDir}" holds no installation of tsnet`,
      "name the folder with --bin-dir",
    );
  requireSafeFolder(binDir);
  const plan = (): Removed[] => planUninstall(binDir, commandDir);
  if (dryRun) return plan();
  return alone(s, binDir, async () => {
    const steps = plan();
    const isRuntime = ({ path }: Removed): boolean => RUNTIME.includes(path.slice(binDir.length + 1));
    for (const { path, action } of steps.filter((step) => !isRuntime(step)))
      if (action === "put back") renameSync(keptFor(binDir, path), path);
      else rmSync(path);
    await Bun.sleep(START_MS);
    for (const { path } of steps.filter(isRuntime)) rmSync(path);
    rmSync(stateFolder(binDir), { recursive: true });
    sync(binDir);
    return steps;
  });
}

function planUninstall(binDir: string, commandDir: string | undefined): Removed[] {
  const names = new Set(readdirSync(binDir).filter((name) => occupantOf(`${binDir}/${name}`) === "launcher"));
  const kept = replacedFolder(binDir);
  for (const name of existsSync(kept) ? readdirSync(kept) : [])
    if (occupantOf(`${binDir}/${name}`) === "nothing") names.add(name);
  const steps: Removed[] = [];
  const link = `${commandDir}/${COMMAND}`;
  if (commandDir !== undefined && linkTarget(link) === `${binDir}/${COMMAND}`)
    steps.push({ path: link, action: "removed" });
  for (const name of [...names].sort()) {
    const path = `${binDir}/${name}`;
    steps.push({ path, action: occupantOf(keptFor(binDir, path)) === "nothing" ? "removed" : "put back" });
  }
  for (const name of RUNTIME)
    if (occupantOf(`${binDir}/${name}`) !== "nothing") steps.push({ path: `${binDir}/${name}`, action: "removed" });
  return steps;
}

const keptFor = (binDir: string, path: string): string => `${replacedFolder(binDir)}${path.slice(binDir.length)}`;
