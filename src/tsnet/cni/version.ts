import type { Command } from "commander";
import { CniError } from "../../cni/errors.ts";
import { encodeJson } from "../../cni/json.ts";
import { findPlugin } from "../../cni/runtime/find.ts";
import type { Runtime } from "../../cni/runtime/host.ts";
import { supportedVersions } from "../../cni/runtime/version-info.ts";
import { errorObject, Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { printable, table } from "../text.ts";
import { networkFiles } from "./networks.ts";
import { type CommonOptions, cniWord, runtimeOf } from "./options.ts";

export function versionCommand(s: Surroundings): Command {
  return cniWord("version", "the CNI versions that plugins support", [
    "tsnet cni version",
    "tsnet cni version bridge portmap --cni-path /usr/lib/cni",
  ])
    .argument("[plugin...]", "file names in CNI_PATH (default: those of all networks)")
    .action(async (plugins: string[], options: CommonOptions) => {
      const names = plugins.length > 0 ? plugins : pluginsOfAllNetworks(s, options);
      const answers = await askVersions(runtimeOf(s, options), names);
      if (options.json) s.out(`${encodeJson(Object.fromEntries(answers.map(toJson)))}\n`);
      else if (answers.length === 0) s.err("no networks, so no plugins; name some: tsnet cni version bridge\n");
      else s.out(table(["PLUGIN", "VERSIONS", "PATH"], answers.map(toRow)));
      if (answers.some(({ versions }) => versions instanceof CniError)) throw new Unsuccessful();
    });
}

interface Answer {
  readonly name: string;
  /** Empty when there is no such file. */
  readonly path: string;
  readonly versions: string[] | CniError;
}

/** Asks each, whatever the others answer. */
async function askVersions({ host, cniPath }: Runtime, names: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const name of names) {
    let path = "";
    try {
      path = findPlugin(host.files, name, cniPath);
      answers.push({ name, path, versions: await supportedVersions(host, path) });
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      answers.push({ name, path, versions: error });
    }
  }
  return answers;
}

function pluginsOfAllNetworks(s: Surroundings, options: CommonOptions): string[] {
  const types = networkFiles(s, options).flatMap(({ network }) =>
    network instanceof CniError ? [] : network.plugins.map((plugin) => plugin.type),
  );
  return [...new Set(types)].sort();
}

const toJson = ({ name, path, versions }: Answer): [string, unknown] => [
  name,
  versions instanceof CniError ? { path: path || undefined, error: errorObject(versions) } : { path, versions },
];

const toRow = ({ name, path, versions }: Answer): string[] => [
  name,
  versions instanceof CniError ? printable(`cannot be asked: ${versions.message}`) : versions.join(" "),
  path,
];
