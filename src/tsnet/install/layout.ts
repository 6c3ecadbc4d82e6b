import { lstatSync, readFileSync, readlinkSync } from "node:fs";

/**
 * What an installation is made of, all in one folder:
 *
 *   tsnet-cni                 the plugins' engine
 *   tsnet-bun, tsnet.node     the command's executable and its addon
 *   tsnet, bridge, portmap …  the launcher, under each name
 *   .tsnet/replaced/NAME      other programs' executables that stood there before
 *   .tsnet/new/               files on their way in
 *   .tsnet/lock               one install or uninstall at a time
 */
export const EXECUTABLE = "tsnet-bun";
export const ENGINE = "tsnet-cni";
export const ADDON = "tsnet.node";
export const COMMAND = "tsnet";

export const stateFolder = (binDir: string): string => `${binDir}/.tsnet`;
export const stagingFolder = (binDir: string): string => `${binDir}/.tsnet/new`;
export const replacedFolder = (binDir: string): string => `${binDir}/.tsnet/replaced`;
export const lockFile = (binDir: string): string => `${binDir}/.tsnet/lock`;

/** Launchers are a few KiB; what is larger is none. */
const MAX_LAUNCHER_BYTES = 64 * 1024;
/** The file every launcher executes; no other program of that size names it. */
const LAUNCHER_SIGN = Buffer.from(EXECUTABLE);
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

export type Occupant = "nothing" | "launcher" | "other program" | "folder";

/** What stands under a name: a launcher of ours, of whatever version, or somebody else's. Links are not followed. */
export function occupantOf(path: string): Occupant {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return "nothing";
  if (stat.isDirectory()) return "folder";
  if (!stat.isFile() || stat.size > MAX_LAUNCHER_BYTES) return "other program";
  const bytes = readFileSync(path);
  return bytes.subarray(0, 4).equals(ELF) && bytes.includes(LAUNCHER_SIGN) ? "launcher" : "other program";
}

/** Where a symbolic link leads, as it is written; `undefined` for what is none. */
export function linkTarget(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;
}
