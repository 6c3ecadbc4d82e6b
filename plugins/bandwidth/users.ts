import type { Kernel } from "../../src/kernel/kernel.ts";
import { redirectTargets } from "./redirect.ts";

/**
 * Which links send what arrives at them to which: their indices by that of the target. Looks at all of the namespace's, so only
 * when it must.
 */
export async function usersByTarget(kernel: Kernel): Promise<Map<number, number[]>> {
  const holders = (await kernel.tc.listQdiscs()).filter(({ kind }) => kind === "ingress" || kind === "clsact");
  const users = new Map<number, number[]>();
  for (const { link } of holders)
    for (const target of await redirectTargets(kernel, link)) {
      const known = users.get(target);
      if (known) known.push(link);
      else users.set(target, [link]);
    }
  return users;
}

/** Indices of the links that send what arrives at them to this one. */
export const usersOf = async (kernel: Kernel, target: number): Promise<number[]> =>
  (await usersByTarget(kernel)).get(target) ?? [];
