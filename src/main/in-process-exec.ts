import type { Native } from "../../native/addon.ts";
import { runPlugin } from "../cni/frame.ts";
import { probeNetns } from "../cni/netns.ts";
import type { Exec } from "../cni/runtime/spawn.ts";
import { toCniError } from "../plugin/errors.ts";
import { commandHandler, type IpamsOf } from "./handler.ts";
import { inProcess, noIpam } from "./ipam-provider.ts";
import { IPAMS, PLUGINS } from "./registry.ts";

const ownIpams: IpamsOf = async (_call, context) => ({
  of(type) {
    const load = IPAMS[type];
    if (!load) throw new Error(`there is no IPAM ${JSON.stringify(type)} in this executable`);
    return inProcess(load, { ...context, ipam: noIpam });
  },
});

/** A plugin's execution without a process: the same frame, with memory for its standard streams. */
export function inProcessExec(native: Native, note: (text: string) => void): Exec {
  return async ({ path, env, cwd, stdin }) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const load = PLUGINS[name];
    if (!load)
      throw Object.assign(new Error(`there is no plugin ${JSON.stringify(name)} in this executable`), {
        code: "ENOENT",
      });
    let stdout = "";
    const io = {
      env,
      cwd,
      readStdin: () => stdin,
      writeStdout: (text: string) => {
        stdout += text;
      },
      writeStderr: note,
      probeNetns: (netns: string) => probeNetns(native, netns),
    };
    const code = await runPlugin(commandHandler(await load(), native, ownIpams), io, toCniError);
    const failure = code === 0 ? undefined : `exit status ${code}`;
    return { stdout: new TextEncoder().encode(stdout), stderr: "", failure };
  };
}
