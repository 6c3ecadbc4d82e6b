import { existsSync } from "node:fs";
import { join } from "node:path";

/** Debian's `containernetworking-plugins`. */
export const REFERENCE_DIR = "/usr/lib/cni";

const built = join(import.meta.dir, "../../dist/cni");

/** Our plugin folder: `TSNET_CNI_DIR`, else the build's `dist/cni`; undefined when there is none yet. */
export const OURS_DIR: string | undefined = process.env["TSNET_CNI_DIR"] ?? (existsSync(built) ? built : undefined);

/** CNI_PATH with ours in front, for the types we do not have yet the reference behind. `TSNET_CNI_REFERENCE=1` leaves ours out. */
export const PLUGIN_PATH: readonly string[] =
  OURS_DIR === undefined || process.env["TSNET_CNI_REFERENCE"] === "1" ? [REFERENCE_DIR] : [OURS_DIR, REFERENCE_DIR];

export const hasOurs = PLUGIN_PATH.length > 1;
export const hasReference: boolean = existsSync(join(REFERENCE_DIR, "bridge"));

/** The executable a runtime would find for a type: the first folder that holds it. */
export function findPlugin(type: string, path: readonly string[] = PLUGIN_PATH): string {
  const folder = path.find((dir) => existsSync(join(dir, type)));
  if (folder === undefined) throw new Error(`no plugin ${type} in ${path.join(":")}`);
  return join(folder, type);
}
