import type { KernelContext } from "./context.ts";
import type { Kernel } from "./kernel.ts";

/** Another namespace, as the place where a link is to go. */
export type NamespaceRef = Pick<Kernel, "netns" | "link" | "commit">;

/**
 * Runs `work` with a descriptor for `there`, or `undefined` when that is the context's own namespace. The namespace of
 * this process has no descriptor of its own, so one is opened for the time of the call.
 */
export async function withNetnsFd<T>(
  ctx: KernelContext,
  there: NamespaceRef | undefined,
  work: (fd: number | undefined) => Promise<T>,
): Promise<T> {
  if (there === undefined || there.netns === ctx.netns) return await work(undefined);
  if (there.netns !== -1) return await work(there.netns);
  const fd = ctx.native.netnsOpen("/proc/self/ns/net");
  try {
    return await work(fd);
  } finally {
    ctx.native.closeFd(fd);
  }
}
