import { UsageError } from "./usage-error.ts";

/**
 * A path of the command line or the environment as an absolute one, `.` and `..` taken out by their text alone, as cnitool's
 * are (Go's filepath.Abs).
 * @param cwd the caller's folder; `undefined` when it is deleted
 */
export function absolutePath({ cwd }: { readonly cwd: string | undefined }, path: string): string {
  // Taken for a relative path it would be the current folder, which nobody named.
  if (path === "") throw new UsageError("a path is empty", "leave the option out, or name a file or folder");
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
