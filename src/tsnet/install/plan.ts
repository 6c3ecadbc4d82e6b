import { lstatSync } from "node:fs";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { sameBytes } from "./files.ts";
import { ADDON, COMMAND, ENGINE, EXECUTABLE, linkTarget, occupantOf } from "./layout.ts";

/** One file of an installation and what becomes of what stands in its place. */
export interface PlannedFile {
  readonly name: string;
  /** Where it is copied from. */
  readonly source: string;
  readonly mode: number;
  readonly action: "new" | "update" | "unchanged" | "replace";
}

export interface Plan {
  readonly binDir: string;
  /**
   * In the order in which they go in, so that a plugin called at any moment works: a newer addon serves an older executable,
   * and a newer executable an older launcher.
   */
  readonly files: readonly PlannedFile[];
  /** A symbolic link to the command, where one was asked for and is not there. */
  readonly commandLink: string | undefined;
}

export interface Sources {
  /** The folder of the running executable. Nothing is ever taken from the current folder. */
  readonly folder: string;
  readonly launcher: string;
}

/** The files to install from; CniError when this is no built executable. */
export function findSources(folder: string, names: readonly string[]): Sources {
  const launcher = [COMMAND, ...names].map((name) => `${folder}/${name}`).find((p) => occupantOf(p) === "launcher");
  const missing = [ENGINE, EXECUTABLE, ADDON].find((name) => occupantOf(`${folder}/${name}`) === "nothing");
  if (launcher !== undefined && missing === undefined) return { folder, launcher };
  throw new CniError(
    CNI_CODE.OPERATION_FAILED,
    `there is nothing to install from: ${folder} has no ${missing ?? "launcher"}`,
    "run the tsnet that npm run build left in dist/bin",
  );
}

/** Looks at the folder and decides; changes nothing. */
export function planInstall(
  { folder, launcher }: Sources,
  names: readonly string[],
  binDir: string,
  commandDir: string | undefined,
): Plan {
  const wanted = [
    { name: ENGINE, source: `${folder}/${ENGINE}`, mode: 0o755 },
    { name: ADDON, source: `${folder}/${ADDON}`, mode: 0o644 },
    { name: EXECUTABLE, source: `${folder}/${EXECUTABLE}`, mode: 0o755 },
    ...[...names, COMMAND].map((name) => ({ name, source: launcher, mode: 0o755 })),
  ];
  const files = wanted.map((file): PlannedFile => ({ ...file, action: actionFor(file, `${binDir}/${file.name}`) }));
  return { binDir, files, commandLink: commandLinkFor(binDir, commandDir) };
}

function actionFor({ name, source, mode }: Omit<PlannedFile, "action">, path: string): PlannedFile["action"] {
  const occupant = occupantOf(path);
  if (occupant === "nothing") return "new";
  if (occupant === "folder")
    throw new CniError(
      CNI_CODE.OPERATION_FAILED,
      `cannot install "${path}": there is a folder of that name`,
      "remove it",
    );
  if (![ENGINE, ADDON, EXECUTABLE].includes(name) && occupant === "other program") return "replace";
  const stat = lstatSync(path);
  const isRight = stat.isFile() && stat.uid === 0 && (stat.mode & 0o7777) === mode;
  return isRight && sameBytes(source, path) ? "unchanged" : "update";
}

/** CniError when something else stands under the command's name there. */
function commandLinkFor(binDir: string, commandDir: string | undefined): string | undefined {
  if (commandDir === undefined || commandDir === binDir) return undefined;
  const link = `${commandDir}/${COMMAND}`;
  const target = `${binDir}/${COMMAND}`;
  if (linkTarget(link) === target) return undefined;
  if (linkTarget(link)?.endsWith(`/${COMMAND}`) || ["nothing", "launcher"].includes(occupantOf(link))) return link;
  throw new CniError(
    CNI_CODE.OPERATION_FAILED,
    `cannot install "${link}": another program has that name`,
    "remove it, or name another folder with --command-dir",
  );
}
