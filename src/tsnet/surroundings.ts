import type { Native } from "../../native/addon.ts";
import { loadNative } from "../../native/load.ts";

/** What a sub-command gets of its process. */
export interface Surroundings {
  readonly native: Native;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The caller's folder; paths on the command line count from it. `undefined` when it is deleted. */
  readonly cwd: string | undefined;
  /** Folder of this executable. */
  readonly ownFolder: string;
  out(text: string): void;
  err(text: string): void;
}

export function processSurroundings(): Surroundings {
  const native = loadNative();
  const encoder = new TextEncoder();
  return {
    native,
    env: process.env,
    cwd: callersFolder(),
    ownFolder: process.execPath.slice(0, process.execPath.lastIndexOf("/")),
    out: (text) => native.writeAll(1, encoder.encode(text)),
    err: (text) => native.writeAll(2, encoder.encode(text)),
  };
}

/** The launcher says where it was called from before it goes to `/`; without it, this process is there itself. */
function callersFolder(): string | undefined {
  const told = process.env["TSNET_CWD"];
  return told === undefined ? process.cwd() : told || undefined;
}

/** A path of the command line or the environment as an absolute one. */
export function absolutePath({ cwd }: Pick<Surroundings, "cwd">, path: string): string {
  if (path.startsWith("/")) return normalize(path);
  if (cwd === undefined)
    throw new UsageError(`"${path}" is relative, and the current folder is deleted`, "name it from /");
  return normalize(`${cwd}/${path}`);
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** A command line that cannot be followed; exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}
