import type { Kernel } from "../../kernel/kernel.ts";
import { toCniError } from "../../plugin/errors.ts";
import { type Host, openNamespace } from "../look/index.ts";
import { repairAll } from "../repair/repair.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Finding, Fix } from "./finding.ts";
import type { Mended } from "./print.ts";

/** Does what is safe about these findings, whatever happens to the others; those without a fix are left alone. */
export async function mend(
  s: Surroundings,
  { host, kernel, caches }: { host: Host; kernel: Kernel; caches: readonly string[] },
  findings: readonly Finding[],
): Promise<Mended[]> {
  const mended: Mended[] = [];
  let repaired: Promise<string | undefined> | undefined;
  for (const finding of findings) {
    const { fix } = finding;
    if (!fix) continue;
    if (fix.kind === "repair") {
      repaired ??= repair(s, kernel, caches);
      mended.push({ finding, problem: await repaired });
    } else mended.push({ finding, problem: await problemOf(() => apply(s, host, fix)) });
  }
  return mended;
}

async function apply(s: Surroundings, host: Host, fix: Exclude<Fix, { kind: "repair" }>): Promise<void> {
  const namespace = host.namespaces.find((ns) => ns.identity === fix.netns);
  if (!namespace) return;
  await using kernel = await openNamespace(s, namespace);
  if (fix.kind === "sysctl") await kernel.sysctl.set(fix.key, fix.value);
  else if (fix.kind === "up") await kernel.link.set(fix.link, { up: true });
  else if (fix.kind === "master") await kernel.link.set(fix.link, { master: fix.master });
  else await kernel.link.setBridgePort(fix.link, { isolated: false });
}

/** Why some attachment could not be put right. */
async function repair(s: Surroundings, kernel: Kernel, caches: readonly string[]): Promise<string | undefined> {
  let failed: string | undefined;
  const problem = await problemOf(async () => {
    for (const cacheDir of caches) {
      const all = await repairAll(s, kernel, { cacheDir, dryRun: false, foreign: false });
      failed ??= all.find(({ error }) => error)?.error?.message;
    }
  });
  return problem ?? failed;
}

async function problemOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const known = toCniError(error);
    if (!known) throw error;
    return known.message;
  }
}
