import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { formatCidr } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Link } from "../../kernel/link.ts";
import { isNetlinkError, type NetlinkError } from "../../netlink/socket/index.ts";
import type { OverlayConf } from "./config.ts";
import { ensureDevice, findDevices } from "./device.ts";
import { presentEntries, type RemoteEntries, wantedEntries } from "./entries.ts";
import { type EntryChange, entryChanges } from "./entry-changes.ts";
import { updateExempt } from "./exempt.ts";
import { withOverlayLock } from "./lock.ts";
import type { PeerProblem } from "./peer.ts";
import { type OverlayPlan, planOverlay, type Sources } from "./plan.ts";

export interface SyncResult {
  readonly plan: OverlayPlan;
  readonly device: Link;
  /** What was done, a line each: `+ fdb …`, `~ neigh …`, `- route …`. Empty: kernel and config agreed. */
  readonly changes: readonly string[];
  /** Peers that cannot be used, and what of the others could not be done. */
  readonly problems: readonly PeerProblem[];
}

/**
 * Makes the kernel agree with config and files: the device, and all entries in one batch. Idempotent. Everything is read under
 * the network's lock, or a host that joined meanwhile would be taken for one that left.
 * @param conf of a config that was checked
 */
export function syncOverlay(sources: Sources, conf: OverlayConf): Promise<SyncResult> {
  const { host, files } = sources;
  return withOverlayLock(files, host, conf.network, async () => {
    const plan = await planOverlay(sources, conf);
    const { link, changes } = await ensureDevice(host, plan, await findDevices(host, plan));
    const wanted = await wantedEntries(host, plan, link.index);
    const all = entryChanges(host, link.index, wanted, await presentEntries(host, link.index, plan.vni));
    // Whose file cannot be read may still be there.
    const entries = plan.knowsAll ? all : all.filter((change) => change.wanted !== undefined);
    const refused = await apply(host, entries, changes);
    if (conf.ipMasq && (await updateExempt(host, conf.network, exemptSubnets(plan), { keepOthers: !plan.knowsAll })))
      changes.push("~ nft subnets of all hosts");
    return { plan, device: link, changes, problems: [...plan.problems, ...refused] };
  });
}

/** Not masqueraded: what is behind any host, this one too. */
export const exemptSubnets = ({ subnets, remotes }: OverlayPlan) => [
  ...subnets,
  ...remotes.flatMap((remote) => remote.subnets),
];

async function apply(host: Kernel, entries: readonly EntryChange[], changes: string[]): Promise<PeerProblem[]> {
  if (entries.length === 0) return [];
  const refusals = await host.attempt(...entries.map(({ request }) => request));
  const problems: PeerProblem[] = [];
  const failed: NetlinkError[] = [];
  for (const [i, { text, wanted }] of entries.entries()) {
    const refusal = refusals[i];
    if (!refusal) changes.push(text);
    else if (wanted && isNetlinkError(refusal, "EEXIST")) problems.push(foreignRoute(wanted, text));
    // What is told of a host cannot be: the others are connected all the same.
    else if (wanted && isNetlinkError(refusal, ...IMPOSSIBLE))
      problems.push({ from: wanted.remote.from, message: refusal.message });
    // What was to go is gone.
    else if (wanted || !isNetlinkError(refusal, "ENOENT", "ESRCH")) failed.push(refusal);
  }
  const [first, ...others] = failed;
  if (!first) return problems;
  throw new CniError(
    CNI_CODE.OPERATION_FAILED,
    `cannot program the overlay: ${first.message}`,
    others
      .map(({ message }) => message)
      .slice(0, MAX_LINES)
      .join("\n"),
    { cause: first },
  );
}

/** The kernel's words for a destination or a gateway that no host can have. */
const IMPOSSIBLE = ["EINVAL", "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL"] as const;
/** Of many refusals the first few tell what is wrong. */
const MAX_LINES = 10;

const foreignRoute = ({ remote }: RemoteEntries, text: string): PeerProblem => ({
  from: remote.from,
  message: `the route to ${remote.subnets.map(formatCidr).join(", ")} is somebody else's and was left alone (wanted: ${text.slice(2)}); see ip route show`,
});
