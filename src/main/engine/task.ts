import { MAX_STDIN_BYTES } from "../../cni/io.ts";
import { serveTask } from "../../tsbox/network/serve.ts";
import { inProcessExec } from "../in-process-exec.ts";
import "./host.ts";

/** `tsbox` calls the engine itself with TSNET_TASK set, which the launcher takes out of every plugin's environment. */
export async function runTask(): Promise<number> {
  const say = (text: string): void => native.writeAll(2, new TextEncoder().encode(text));
  const input = new TextDecoder().decode(native.readAll(0, MAX_STDIN_BYTES));
  const executable = native.executable();
  const folder = executable.slice(0, executable.lastIndexOf("/"));
  const answer = await serveTask(JSON.parse(input), {
    host: {
      files: native,
      exec: inProcessExec(native, say),
      env: {},
      cwd: "/",
      forwardStderr: say,
      sleep: Bun.sleep,
    },
    cniPath: [folder],
    find: (type) => `${folder}/${type}`,
  });
  native.writeAll(1, new TextEncoder().encode(JSON.stringify(answer)));
  return 0;
}
