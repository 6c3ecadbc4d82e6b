import type { Native } from "../../../native/addon.ts";
import { MAX_STDIN_BYTES } from "../../cni/io.ts";
import { NETLINK } from "../../netlink/socket/native-transport.ts";
import { serveTask } from "../../tsbox/network/serve.ts";
import { inProcessExec } from "../in-process-exec.ts";
import "./host.ts";

/** `tsbox` calls the engine itself with TSNET_TASK set, which the launcher takes out of every plugin's environment. */
export async function runTask(): Promise<never> {
  const say = (text: string): void => native.writeAll(2, new TextEncoder().encode(text));
  const input = new TextDecoder().decode(native.readAll(0, MAX_STDIN_BYTES));
  const executable = native.executable();
  const folder = executable.slice(0, executable.lastIndexOf("/"));
  const answer = await serveTask(JSON.parse(input), {
    host: {
      files: native,
      exec: inProcessExec(keepingNetfilter(native), say),
      env: {},
      cwd: "/",
      forwardStderr: say,
      sleep: Bun.sleep,
    },
    cniPath: [folder],
    find: (type) => `${folder}/${type}`,
  });
  native.writeAll(1, new TextEncoder().encode(JSON.stringify(answer)));
  return native.leave();
}

/**
 * Netfilter sockets stay open until the process ends. Each close waits until nobody reads what was removed before; so they
 * wait once, and nobody waits for them.
 */
function keepingNetfilter(functions: Native): Native {
  const kept = new Set<number>();
  return {
    ...functions,
    netlinkOpen(protocol, netns) {
      const fd = functions.netlinkOpen(protocol, netns);
      if (protocol === NETLINK.NETFILTER) kept.add(fd);
      return fd;
    },
    closeFd(fd) {
      if (!kept.has(fd)) functions.closeFd(fd);
    },
  };
}
