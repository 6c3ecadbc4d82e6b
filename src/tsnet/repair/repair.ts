import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { type CachedAttachment, listAttachments } from "../../cni/runtime/cache.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { toCniError } from "../../plugin/errors.ts";
import type { IpamProvider } from "../../plugin/ipam.ts";
import { masquerade } from "../../plugin/nat/masquerade.ts";
import { unpublish } from "../../plugin/nat/unpublish.ts";
import type { Surroundings } from "../surroundings.ts";
import { cachedList, cachedResult, checkRequest } from "./request.ts";
import { hasOurLink, standingOf } from "./standing.ts";

export interface RepairOptions {
  /** Where runtimes remember attachments; absolute. */
  readonly cacheDir: string;
  readonly dryRun: boolean;
  /** Also publish ports of containers whose main plugin is another's. */
  readonly foreign: boolean;
}

/** What became of one attachment that a runtime remembers. */
export interface Repaired {
  readonly network: string;
  readonly containerId: string;
  readonly ifName: string;
  /** `foreign` and `gone` were left alone. */
  readonly state: "whole" | "repaired" | "failed" | "foreign" | "gone";
  /** What was missing, a phrase each. */
  readonly missing: readonly string[];
  readonly error: CniError | undefined;
}

/** Goes through the runtimes' cache and puts back what is missing of each attachment, whatever happens to the others. */
export async function repairAll(s: Surroundings, host: Kernel, options: RepairOptions): Promise<Repaired[]> {
  const all: Repaired[] = [];
  for (const cached of listAttachments(s.native, options.cacheDir)) {
    const { network, containerId, ifName } = cached;
    all.push({ network, containerId, ifName, ...(await repairOne(s, host, cached, options)) });
  }
  return all;
}

type Outcome = Pick<Repaired, "state" | "missing" | "error">;

async function repairOne(
  s: Surroundings,
  host: Kernel,
  cached: CachedAttachment,
  { dryRun, foreign }: RepairOptions,
): Promise<Outcome> {
  const missing: string[] = [];
  try {
    const result = cachedResult(cached);
    const standing = await standingOf(host, cached, result);
    if (standing === "gone" || (standing === "foreign" && !foreign))
      return { state: standing, missing, error: undefined };
    const list = cachedList(cached);
    for (const entry of list.plugins) {
      const load = Object.hasOwn(s.plugins, entry.type) ? s.plugins[entry.type] : undefined;
      const plugin = await load?.();
      if (!plugin?.repair) continue;
      const req = checkRequest(cached, list, entry, result);
      const conf = plugin.parse(req.conf, { lenient: false });
      const context = { host, ipam: NO_IPAM, note: (text: string) => s.err(`${entry.type}: ${text}\n`) };
      missing.push(...(await plugin.repair({ ...req, conf }, context, { dryRun })));
    }
    if (standing === "ours" && missing.length > 0 && !dryRun) await takeBackIfGone(host, cached);
    return { state: missing.length > 0 ? "repaired" : "whole", missing, error: undefined };
  } catch (error) {
    const known = toCniError(error);
    if (!known) throw error;
    return { state: "failed", missing, error: known };
  }
}

/** A DEL in the meantime has looked in vain for what came back after it. */
async function takeBackIfGone(host: Kernel, cached: CachedAttachment): Promise<void> {
  if (await hasOurLink(host, cached)) return;
  await unpublish(host, cached, undefined);
  await masquerade.del(host, cached);
  throw new CniError(CNI_CODE.TRY_AGAIN_LATER, "it was deleted while it was being repaired; nothing was left behind");
}

/** Leases are no matter of a repair. */
const NO_IPAM: IpamProvider = {
  of(type) {
    throw new Error(`repair asked for IPAM "${type}"`);
  },
};
