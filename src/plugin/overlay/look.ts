import type { Kernel } from "../../kernel/kernel.ts";
import type { Link } from "../../kernel/link.ts";
import { checkFailed } from "../check.ts";
import { networkHash } from "../owner.ts";
import { deviceDifferences } from "./device-difference.ts";
import { presentEntries, type RemoteEntries, wantedEntries } from "./entries.ts";
import { type EntryChange, entryChanges } from "./entry-changes.ts";
import { isHalfMade, overlayOf } from "./mark.ts";
import type { OverlayPlan } from "./plan.ts";

/** How kernel and plan stand to each other. Nothing is changed. */
export interface OverlayView {
  /** `undefined`: there is none of the plan's name that is this network's. */
  readonly device: Link | undefined;
  /** What of the device is not as planned. */
  readonly deviceDifferences: readonly string[];
  readonly remotes: readonly RemoteEntries[];
  /** What `syncOverlay` would do to the tables; of all remote hosts when there is no device. */
  readonly changes: readonly EntryChange[];
}

export async function lookAtOverlay(host: Kernel, plan: OverlayPlan): Promise<OverlayView> {
  const named = await host.link.get(plan.device);
  const device =
    named && (overlayOf(named) === networkHash(plan.network) || isHalfMade(named, plan.vni)) ? named : undefined;
  const index = device?.index ?? 0;
  const remotes = await wantedEntries(host, plan, index);
  const present = device ? await presentEntries(host, index, plan.vni) : { fdb: [], neigh: [], routes: [] };
  return {
    device,
    deviceDifferences: device ? deviceDifferences(device, await host.addr.list(index), plan).texts : ["missing"],
    remotes,
    changes: entryChanges(host, index, remotes, present),
  };
}

/** CHECK: the device is as planned, and every remote host has its entries. What is surplus harms nobody. */
export async function checkOverlay(host: Kernel, plan: OverlayPlan): Promise<void> {
  const { device, deviceDifferences: differences, changes } = await lookAtOverlay(host, plan);
  const remedy = "tsnet overlay sync makes it right, and so does the next ADD";
  if (!device) throw checkFailed(`the overlay's link "${plan.device}" is missing`, remedy);
  if (differences.length > 0)
    throw checkFailed(`the overlay's link "${plan.device}" is not as planned: ${differences.join(", ")}`, remedy);
  const wrong = changes.filter(({ wanted }) => wanted !== undefined);
  if (wrong.length > 0)
    throw checkFailed(
      `the overlay's entries on "${plan.device}" are not as planned: ${wrong[0]?.text.slice(2)}${wrong.length > 1 ? ` and ${wrong.length - 1} more` : ""}`,
      remedy,
    );
}
