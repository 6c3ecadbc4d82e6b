import type { Kernel } from "../../src/kernel/kernel.ts";
import { redirectTargets } from "./redirect.ts";

/** Indices of the links that send what arrives at them to this one. Looks at all of the namespace's, so only when it must. */
export async function usersOf(kernel: Kernel, target: number): Promise<number[]> {
  const holders = (await kernel.tc.listQdiscs()).filter(({ kind }) => kind === "ingress" || kind === "clsact");
  const users: number[] = [];
  for (const { link } of holders) if ((await redirectTargets(kernel, link)).includes(target)) users.push(link);
  return users;
}
