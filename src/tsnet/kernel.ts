import type { Kernel } from "../kernel/kernel.ts";
import { openKernel } from "../kernel/open.ts";
import type { Surroundings } from "./surroundings.ts";

/** The namespace the command was called in, for as long as `work` takes. */
export async function withHost<T>(
  { native }: Pick<Surroundings, "native">,
  work: (host: Kernel) => Promise<T>,
): Promise<T> {
  await using host = openKernel(native, { waiting: "here" });
  return await work(host);
}
