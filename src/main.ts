import { loadNative } from "../native/load.ts";
import { formatError } from "./cni/answer.ts";
import { CNI_CODE, CniError } from "./cni/errors.ts";
import { runPlugin } from "./cni/frame.ts";
import { processIo } from "./cni/io.ts";
import { commandHandler, ipamsByPath } from "./main/handler.ts";
import { IPAMS, PLUGINS } from "./main/registry.ts";
import { toCniError } from "./plugin/errors.ts";

/**
 * The executable: under a plugin's name it is that plugin, under any other the `tsnet` command. The launcher sets the name,
 * and puts the folder it was called from into TSNET_CWD before it goes to `/`.
 */
async function main(): Promise<number> {
  const name = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
  const load = PLUGINS[name] ?? IPAMS[name];
  if (name === "tsbox") return (await import("./main/tsbox.ts")).tsbox(process.argv.slice(2));
  if (!load) return (await import("./tsnet/main.ts")).main(process.argv.slice(2), { plugins: PLUGINS, ipams: IPAMS });
  const native = loadNative();
  const ownFolder = process.execPath.slice(0, process.execPath.lastIndexOf("/"));
  const cwd = process.env["TSNET_CWD"] || undefined;
  return runPlugin(
    commandHandler(await load(), native, ipamsByPath(native, ownFolder, name)),
    processIo(native, process.env, cwd),
    toCniError,
  );
}

/** At once, and without the addon: that it cannot be loaded may be what there is to say. */
function say(fd: number, text: string): void {
  try {
    process.getBuiltinModule("node:fs").writeSync(fd, text);
  } catch {
    return;
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const [message, stack] = error instanceof Error ? [error.message, error.stack] : [String(error)];
    say(2, `tsnet: ${stack ?? message}\n`);
    if (process.env["CNI_COMMAND"])
      say(1, formatError(new CniError(CNI_CODE.OPERATION_FAILED, "cannot start the plugin", message)));
    process.exit(1);
  },
);
