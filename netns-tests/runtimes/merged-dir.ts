import type { PrivateHost } from "../support/private-host.ts";

/**
 * One plugin folder inside the private host out of several, for runtimes that know only one: copied, as an installer
 * does, the first folder's files winning.
 */
export async function mergePluginDirs(host: PrivateHost, path: readonly string[], target: string): Promise<void> {
  await host.exec("mkdir", "-p", target);
  for (const folder of [...path].reverse()) await host.exec("cp", "-r", `${folder}/.`, target);
}
