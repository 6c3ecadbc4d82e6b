import { isSystemError } from "../../../native/load.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { openKernel, openKernelAt } from "../../kernel/open.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Namespace } from "./model.ts";

/** Why a namespace that was found cannot be opened any more. */
export class CannotOpen extends Error {
  override readonly name = "CannotOpen";
}

/**
 * Opens a namespace by the first handle that still leads to it. A handle that leads to another one by now (a process ID used
 * again) is passed over. Throws CannotOpen when none is left.
 */
export async function openNamespace({ native }: Pick<Surroundings, "native">, ns: Namespace): Promise<Kernel> {
  if (ns.own) return openKernel(native, { waiting: "here" });
  let reason = "it is gone";
  for (const handle of ns.handles) {
    try {
      const kernel = openKernelAt(native, handle.path, { waiting: "here" });
      if (kernel.identity === ns.identity) return kernel;
      await kernel[Symbol.asyncDispose]();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.code !== "ENOENT" && error.code !== "ESRCH") reason = `${handle.text} cannot be opened: ${error.code}`;
    }
  }
  throw new CannotOpen(reason);
}
