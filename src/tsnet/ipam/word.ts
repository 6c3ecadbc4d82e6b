import type { Command } from "commander";
import { DEFAULT_DATA_DIR } from "../../../ipam/store/layout.ts";
import { DEFAULT_CACHE_DIR, DEFAULT_CONFIG_DIR } from "../../cni/runtime/host.ts";
import { word } from "../word.ts";

/** A word of `tsnet ipam`. */
export function ipamWord(name: string, description: string, examples: readonly string[]): Command {
  return word(name, description, examples)
    .option(
      "--data-dir <folder>",
      `where leases are (default ${DEFAULT_DATA_DIR}, tsbox's own, and what configurations name)`,
    )
    .option("--conf-dir <folder>", `configuration lists (NETCONFPATH, default ${DEFAULT_CONFIG_DIR})`)
    .option(
      "--cache-dir <folder>",
      `where runtimes remember attachments (default ${DEFAULT_CACHE_DIR}, and tsbox's own)`,
    )
    .option("--json", "as JSON on stdout");
}
