import type { Command } from "commander";
import { CniError } from "../../cni/errors.ts";
import { encodeJson } from "../../cni/json.ts";
import { errorObject } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { printable, table } from "../text.ts";
import { type NetworkFile, networkFiles } from "./networks.ts";
import { type CommonOptions, cniWord, configFolder } from "./options.ts";

export function listCommand(s: Surroundings): Command {
  return cniWord("list", "the networks of the configuration folder", [
    "tsnet cni list",
    "NETCONFPATH=/etc/cni/net.d tsnet cni list --json",
  ]).action((options: CommonOptions) => {
    const files = networkFiles(s, options);
    if (options.json) s.out(`${encodeJson(files.map(toJson))}\n`);
    else if (files.length === 0) s.err(`no networks in ${configFolder(s, options)}\n`);
    else s.out(table(["NETWORK", "VERSION", "PLUGINS", "FILE"], files.map(toRow)));
  });
}

const toJson = ({ path, network }: NetworkFile): unknown =>
  network instanceof CniError
    ? { path, error: errorObject(network) }
    : { path, name: network.name, cniVersion: network.cniVersion, plugins: network.plugins.map((p) => p.type) };

const toRow = ({ path, network }: NetworkFile): string[] =>
  (network instanceof CniError
    ? ["-", "-", `cannot be used: ${network.message}`, path]
    : [network.name, network.cniVersion, network.plugins.map((p) => p.type).join(" → "), path]
  ).map(printable);
