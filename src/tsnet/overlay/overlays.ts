import { CNI_CODE, CniError } from "../../cni/errors.ts";
import type { PluginConfig } from "../../cni/runtime/config-list.ts";
import { CURRENT_VERSION } from "../../cni/version.ts";
import { type OverlayConf, parseOverlay } from "../../plugin/overlay/config.ts";
import type { Sources } from "../../plugin/overlay/plan.ts";
import { networkFiles } from "../cni/networks.ts";
import { type CommonOptions, configFolder } from "../cni/options.ts";
import { withHost } from "../kernel.ts";
import { report, Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { word } from "../word.ts";

export type OverlayOptions = Pick<CommonOptions, "confDir" | "json">;

/** A network whose containers the vxlan plugin connects between hosts. */
export interface Overlay {
  readonly network: string;
  /** Why the config cannot be followed comes when it is asked for. */
  conf(): OverlayConf;
}

const TYPE = "vxlan";

/** The overlays of the configuration folder, or the one of that name; CniError 7 when there is none. */
export function overlaysOf(s: Surroundings, name: string | undefined, options: OverlayOptions): Overlay[] {
  const found = networkFiles(s, options).flatMap(({ network }) => {
    if (network instanceof CniError || (name !== undefined && network.name !== name)) return [];
    return network.plugins.filter(({ type }) => type === TYPE).map((plugin) => overlay(network.name, plugin));
  });
  if (found.length > 0) return found;
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    name === undefined
      ? `no network in ${configFolder(s, options)} has a plugin of type "${TYPE}"`
      : `there is no network "${name}" with a plugin of type "${TYPE}" in ${configFolder(s, options)}`,
    "name the folder with --conf-dir or NETCONFPATH; tsnet cni list shows what is there",
  );
}

const overlay = (network: string, { raw }: PluginConfig): Overlay => ({
  network,
  conf: () => parseOverlay({ cniVersion: CURRENT_VERSION, name: network, type: TYPE, raw }, { lenient: false }),
});

/** One overlay of a command line, and what a plan of it is made from. */
export interface Planned {
  readonly sources: Sources;
  readonly conf: OverlayConf;
}

/**
 * Does `work` for each overlay that is meant; one for which that cannot be done is reported, and the others follow. Relative
 * paths of a config count from /, where runtimes start plugins.
 */
export async function forEachOverlay(
  s: Surroundings,
  name: string | undefined,
  options: OverlayOptions,
  work: (planned: Planned) => Promise<void>,
): Promise<void> {
  const overlays = overlaysOf(s, name, options);
  let failed = false;
  await withHost(s, async (host) => {
    for (const each of overlays) {
      try {
        await work({ sources: { host, files: s.native, cwd: "/" }, conf: each.conf() });
      } catch (error) {
        if (overlays.length === 1) throw error;
        failed = true;
        s.err(`network ${each.network}:\n`);
        report(error, s, false);
      }
    }
  });
  if (failed) throw new Unsuccessful();
}

/** A word of `tsnet overlay`. */
export const overlayWord = (name: string, description: string, examples: readonly string[]) =>
  word(name, description, examples)
    .argument("[network]", "of the configuration folder; all overlays when left out")
    .option("--conf-dir <folder>", "configuration lists (NETCONFPATH, default /etc/cni/net.d)")
    .option("--json", "as JSON on stdout, an object for each overlay and line");
