import type { KernelContext } from "./context.ts";

/** Traffic control: `tc`. */
export type TcVerbs = {};
export function tcVerbs(_ctx: KernelContext): TcVerbs {
  return {};
}
