import type { Command } from "commander";
import { DEFAULT_CACHE_DIR, DEFAULT_CONFIG_DIR, type Runtime } from "../../cni/runtime/host.ts";
import { nativeExec } from "../../cni/runtime/spawn.ts";
import { absolutePath } from "../paths.ts";
import type { Surroundings } from "../surroundings.ts";
import { word } from "../word.ts";

/** Where networks, plugins and remembered attachments are: every word of `tsnet cni` takes these. */
export interface CommonOptions {
  readonly confDir?: string;
  readonly cniPath?: string;
  readonly cacheDir?: string;
  readonly json?: boolean;
}

/** A word of `tsnet cni`. */
export function cniWord(name: string, description: string, examples: readonly string[]): Command {
  return word(name, description, examples)
    .option("--conf-dir <folder>", `configuration lists (NETCONFPATH, default ${DEFAULT_CONFIG_DIR})`)
    .option("--cni-path <folders>", "where plugins are, separated by : (CNI_PATH, default: this executable's own)")
    .option("--cache-dir <folder>", `where attachments are remembered (default ${DEFAULT_CACHE_DIR})`)
    .option("--json", "results, lists and failures as JSON on stdout");
}

/** Plugins run as a runtime runs them: with the caller's environment, in its folder. */
export function runtimeOf(s: Surroundings, options: CommonOptions): Runtime {
  return {
    host: {
      files: s.native,
      exec: nativeExec(s.native, "here"),
      env: s.env,
      cwd: s.cwd,
      forwardStderr: s.err,
      sleep: (ms) => Bun.sleep(ms),
    },
    cniPath: pluginFolders(s, options),
    cacheDir: absolutePath(s, options.cacheDir ?? DEFAULT_CACHE_DIR),
  };
}

type Places = Pick<Surroundings, "env" | "cwd" | "ownFolder">;

/** A variable that is set and empty counts as not set. */
export function pluginFolders(s: Places, { cniPath }: CommonOptions): string[] {
  return (cniPath ?? (s.env["CNI_PATH"] || s.ownFolder))
    .split(":")
    .filter((folder) => folder !== "")
    .map((folder) => absolutePath(s, folder));
}

export const configFolder = (s: Places, { confDir }: CommonOptions): string =>
  absolutePath(s, confDir ?? (s.env["NETCONFPATH"] || DEFAULT_CONFIG_DIR));
