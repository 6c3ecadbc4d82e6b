import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { addNetwork, delNetwork, gcNetwork } from "../../cni/runtime/chain.ts";
import { parseNetworkList } from "../../cni/runtime/config-list.ts";
import type { Runtime } from "../../cni/runtime/host.ts";
import type { CniResult } from "../../cni/types.ts";
import type { NetworkAnswer, NetworkTask } from "./task.ts";

/**
 * Does a task; the other side of `runTask`. It runs in the plugins' engine: all plugins of the list in one process, beside the command that is making
 * the container meanwhile (docs/adr/0018).
 */
export async function serveTask(task: NetworkTask, runtime: Omit<Runtime, "cacheDir">): Promise<NetworkAnswer> {
  try {
    return { ok: true, result: await perform(task, { ...runtime, cacheDir: task.cacheDir }) };
  } catch (error) {
    if (error instanceof CniError) {
      const { code, message, details } = error;
      return { ok: false, code, message, details };
    }
    return { ok: false, code: CNI_CODE.OPERATION_FAILED, message: String(error), details: "" };
  }
}

async function perform(task: NetworkTask, runtime: Runtime): Promise<CniResult | undefined> {
  const list = parseNetworkList(new TextEncoder().encode(task.list));
  switch (task.verb) {
    case "add":
      try {
        return await addNetwork(runtime, list, task.attachment);
      } catch (error) {
        await delNetwork(runtime, list, task.attachment).catch(() => {});
        throw error;
      }
    case "del":
      await delNetwork(runtime, list, task.attachment);
      return undefined;
    case "gc":
      await gcNetwork(runtime, list, task.valid);
      return undefined;
  }
}
