import type { Command } from "commander";
import { encodeJson } from "../../cni/json.ts";
import { absolutePath } from "../paths.ts";
import type { Surroundings } from "../surroundings.ts";
import { count, table } from "../text.ts";
import { word } from "../word.ts";
import { install, pluginNames } from "./install.ts";
import { replacedFolder } from "./layout.ts";
import type { Plan, PlannedFile } from "./plan.ts";
import { type Removed, uninstall } from "./uninstall.ts";

interface Options {
  readonly binDir: string;
  readonly commandDir?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const DEFAULT_BIN_DIR = "/opt/cni/bin";

const folderWord = (name: string, description: string, examples: readonly string[]): Command =>
  word(name, description, examples)
    .option("--bin-dir <folder>", "the runtime's plugin folder", DEFAULT_BIN_DIR)
    .option("--command-dir <folder>", "also a link to the command itself, e.g. in /usr/local/bin")
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--json", "what was done, or why not, as JSON on stdout");

const resolved = (s: Surroundings, { binDir, commandDir, dryRun = false }: Options) => ({
  binDir: absolutePath(s, binDir),
  commandDir: commandDir === undefined ? undefined : absolutePath(s, commandDir),
  dryRun,
});

export function installCommand(s: Surroundings): Command {
  return folderWord("install", "put the plugins into a runtime's plugin folder, also over running ones", [
    "tsnet install --dry-run",
    "tsnet install --bin-dir /opt/cni/bin --command-dir /usr/local/bin",
  ])
    .addHelpText(
      "after",
      "\nOther programs' executables of the same names are kept in BIN-DIR/.tsnet/replaced; uninstall puts them back." +
        "\nA second install completes one that was interrupted.",
    )
    .action(async (options: Options) => {
      const how = resolved(s, options);
      const plan = await install(s, how);
      if (options.json) s.out(`${encodeJson(planJson(plan, how.dryRun))}\n`);
      else s.out(planText(plan, how.dryRun, pluginNames(s).length));
    });
}

export function uninstallCommand(s: Surroundings): Command {
  return folderWord("uninstall", "take them away, and put back what stood there before", [
    "tsnet uninstall --bin-dir /opt/cni/bin --command-dir /usr/local/bin",
  ])
    .addHelpText(
      "after",
      "\nContainers keep their networks. Before another set of plugins takes over, run: tsnet repair --release",
    )
    .action(async (options: Options) => {
      const how = resolved(s, options);
      const steps = await uninstall(s, how);
      if (options.json) s.out(`${encodeJson({ dryRun: how.dryRun, files: steps })}\n`);
      else s.out(stepsText(steps, how.dryRun));
    });
}

const planJson = ({ binDir, files, commandLink }: Plan, dryRun: boolean) => ({
  binDir,
  dryRun,
  files: files.map(({ name, action }) => ({
    name,
    action,
    kept: action === "replace" ? `${replacedFolder(binDir)}/${name}` : undefined,
  })),
  commandLink,
});

const ACTION_TEXT: Readonly<Record<PlannedFile["action"], string>> = {
  new: "new",
  update: "updated",
  unchanged: "unchanged",
  replace: "replaces another program's, which is kept in .tsnet/replaced",
};

function planText({ binDir, files, commandLink }: Plan, dryRun: boolean, plugins: number): string {
  const rows = files.map(({ name, action }) => [name, ACTION_TEXT[action]]);
  const link = commandLink === undefined ? "" : `${commandLink} leads to ${binDir}/tsnet\n`;
  const end = dryRun
    ? "nothing was done: --dry-run\n"
    : `${count(plugins, "plugin")} installed in ${binDir}, and each answers\n`;
  return `${table(["FILE", dryRun ? "WOULD BE" : "IS"], rows)}${link}${end}`;
}

const stepsText = (steps: readonly Removed[], dryRun: boolean): string =>
  `${steps.map(({ path, action }) => `${path} ${dryRun ? `would be ${action}` : action}\n`).join("")}` +
  `${dryRun ? "nothing was done: --dry-run\n" : ""}`;
