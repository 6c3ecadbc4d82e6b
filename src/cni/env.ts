import { CNI_CODE, CniError } from "./errors.ts";
import { validateContainerId, validateIfName } from "./validate.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables of specification 1.1.0, "Parameters", in the order in which missing ones are named. CNI_PATH is optional
 * there for some commands; the reference wants it for all, and so do we: callers are used to it.
 */
const VARIABLES: readonly {
  readonly name: string;
  readonly requiredFor: readonly string[];
  readonly validate?: (value: string) => void;
}[] = [
  { name: "CNI_CONTAINERID", requiredFor: ["ADD", "CHECK", "DEL"], validate: validateContainerId },
  { name: "CNI_NETNS", requiredFor: ["ADD", "CHECK"] },
  { name: "CNI_IFNAME", requiredFor: ["ADD", "CHECK", "DEL"], validate: validateIfName },
  { name: "CNI_PATH", requiredFor: ["ADD", "CHECK", "DEL", "GC", "STATUS"] },
];

/** CniError 4 naming every missing variable; a variable the command does not need is not looked at. */
export function checkEnvironment(command: string, env: Environment): void {
  const missing: string[] = [];
  for (const { name, requiredFor, validate } of VARIABLES) {
    if (!requiredFor.includes(command)) continue;
    const value = env[name] ?? "";
    if (value === "") missing.push(name);
    else validate?.(value);
  }
  if (missing.length > 0)
    throw new CniError(CNI_CODE.INVALID_ENVIRONMENT, `required env variables [${missing.join(",")}] missing`);
}

/** Whether the caller allows CNI_NETNS to be the plugin's own namespace (a variable of the reference). */
export function isNetnsOverridden(env: Environment): boolean {
  const value = env["CNI_NETNS_OVERRIDE"] ?? "";
  return value === "1" || value.toLowerCase() === "true";
}

/** CNI_PATH as absolute folders. Relative entries count from the caller's folder, and are dropped when that is deleted. */
export function splitCniPath(text: string, cwd: string | undefined): string[] {
  const folders: string[] = [];
  for (const entry of text.split(":")) {
    const folder = entry === "" ? undefined : resolvePath(entry, cwd);
    if (folder !== undefined) folders.push(folder);
  }
  return folders;
}

/** An absolute path as it is; a relative one below `cwd`, `undefined` without it. */
export function resolvePath(path: string, cwd: string | undefined): string | undefined {
  if (path.startsWith("/")) return path;
  if (cwd === undefined) return undefined;
  return cwd.endsWith("/") ? cwd + path : `${cwd}/${path}`;
}
