import { spoofCheck } from "../../../plugins/bridge/spoof-check.ts";
import type { CniError } from "../../cni/errors.ts";
import { type CachedAttachment, listAttachments } from "../../cni/runtime/cache.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { toCniError } from "../../plugin/errors.ts";
import type { IpamProvider } from "../../plugin/ipam.ts";
import { masquerade } from "../../plugin/nat/masquerade.ts";
import { unpublish } from "../../plugin/nat/unpublish.ts";
import type { Surroundings } from "../surroundings.ts";
import { cachedList, cachedResult, checkRequest } from "./request.ts";
import { standingOf } from "./standing.ts";

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

/** A DEL that was under way while its attachment was repaired has come to its end by then. */
const SETTLE_MS = 1_000;

/** Goes through the runtimes' cache and puts back what is missing of each attachment, whatever happens to the others. */
export async function repairAll(s: Surroundings, host: Kernel, options: RepairOptions): Promise<Repaired[]> {
  const attachments = listAttachments(s.native, options.cacheDir);
  const outcomes: Outcome[] = [];
  for (const cached of attachments) outcomes.push(await repairOne(s, host, cached, options));
  const changed = (outcome: Outcome): boolean => !options.dryRun && outcome.missing.length > 0;
  if (outcomes.some(changed)) await Bun.sleep(SETTLE_MS);
  const all: Repaired[] = [];
  for (const [i, cached] of attachments.entries()) {
    let outcome = outcomes[i] ?? GONE;
    if (changed(outcome) && (await takeBackIfGone(host, cached))) outcome = GONE;
    const { network, containerId, ifName } = cached;
    all.push({ network, containerId, ifName, ...outcome });
  }
  return all;
}

type Outcome = Pick<Repaired, "state" | "missing" | "error">;

const GONE: Outcome = { state: "gone", missing: [], error: undefined };

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
      missing.push(
        ...(await repairPart(plugin.repair({ ...req, conf }, context, { dryRun }), entry.type, dryRun, missing)),
      );
    }
    return { state: missing.length > 0 ? "repaired" : "whole", missing, error: undefined };
  } catch (error) {
    const known = toCniError(error);
    if (!known) throw error;
    return { state: "failed", missing, error: known };
  }
}

/** With something missing before it, a part that was not put back for trying's sake may be impossible to look at. */
async function repairPart(
  repaired: Promise<string[]>,
  type: string,
  dryRun: boolean,
  before: readonly string[],
): Promise<string[]> {
  try {
    return await repaired;
  } catch (error) {
    const known = toCniError(error);
    if (!known || !dryRun || before.length === 0) throw error;
    return [`what ${type} made: cannot be told before that is back (${known.message})`];
  }
}

/** What came back after its owner's DEL had looked for it in vain would stay, and hold its ports, for ever. */
async function takeBackIfGone(host: Kernel, cached: CachedAttachment): Promise<boolean> {
  if ((await standingOf(host, cached, cachedResult(cached))) !== "gone") return false;
  await unpublish(host, cached, undefined);
  await masquerade.del(host, cached);
  await spoofCheck.del(host, cached);
  return true;
}

/** Leases are no matter of a repair. */
const NO_IPAM: IpamProvider = {
  of(type) {
    throw new Error(`repair asked for IPAM "${type}"`);
  },
};
