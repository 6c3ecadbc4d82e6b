import type { Native, SystemError } from "./addon.ts";

let loaded: Native | undefined;

/**
 * The addon, loaded once per process: `tsnet.node` beside the executable when compiled, else `native/build/tsnet.node` of
 * this tree (made by `native/build.sh`). Works under Bun and Node. Throws when the file is missing, or when somebody other
 * than root and the caller could have written it.
 */
export function loadNative(): Native {
  loaded ??= load();
  return loaded;
}

/** True for what the addon throws; false for its TypeErrors and RangeErrors, which are bugs of the caller. */
export function isSystemError(e: unknown): e is SystemError {
  return e instanceof Error && "op" in e && "errno" in e && "code" in e && typeof e.errno === "number";
}

/** Inside an executable made by `bun build --compile`, modules live under this path. */
const COMPILED_ROOT = "/$bunfs/";

function isCompiled(): boolean {
  return typeof Bun !== "undefined" && Bun.main.startsWith(COMPILED_ROOT);
}

/** Not `import.meta.dirname`, which Node has since 20.11: the library runs on 18. */
function inTree(file: string): string {
  return decodeURIComponent(new URL(file, import.meta.url).pathname);
}

function load(): Native {
  const compiled = isCompiled();
  const path = compiled
    ? `${process.execPath.slice(0, process.execPath.lastIndexOf("/"))}/tsnet.node`
    : inTree("./build/tsnet.node");
  // The launcher has looked at owner and mode already, and clears an inherited TSNET_LAUNCHED.
  if (!compiled || process.env["TSNET_LAUNCHED"] !== "1") verify(path, compiled);
  const module: { exports: unknown } = { exports: {} };
  process.dlopen(module, path);
  return module.exports as Native;
}

/** In the tree the owner of this source is as good as the caller: whoever could change the addon could change the source. */
function verify(path: string, compiled: boolean): void {
  const fs = process.getBuiltinModule("node:fs");
  const st = fs.statSync(path, { throwIfNoEntry: false });
  if (st === undefined)
    throw new Error(
      `Cannot load "${path}": no such file; ${compiled ? "install it beside the executable" : "run native/build.sh"}`,
    );
  const trusted = [0, process.geteuid?.()];
  if (!compiled) trusted.push(fs.statSync(new URL(import.meta.url)).uid);
  if (!trusted.includes(st.uid))
    throw new Error(
      `Refusing to load "${path}": its owner is user ${st.uid}, not root or the caller; chown it to root`,
    );
  if ((st.mode & 0o022) !== 0)
    throw new Error(
      `Refusing to load "${path}": mode 0${(st.mode & 0o777).toString(8)} lets others write it; chmod go-w it`,
    );
}
