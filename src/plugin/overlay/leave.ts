import type { Kernel } from "../../kernel/kernel.ts";
import { deleteLink } from "../attachment-links.ts";
import { isHostVethName, networkHash, parseOwnerMark } from "../owner.ts";
import { deleteDirectRoutes } from "./direct-routes.ts";
import { removeExempt } from "./exempt.ts";
import type { Files } from "./files.ts";
import { withOverlayLock } from "./lock.ts";
import { isHalfMade, overlayOf, vxlanOf } from "./mark.ts";

/**
 * Removes this host's part of a network's overlay when no attachment of the network is left: the device, and with it all
 * entries; plain routes; the exemption from masquerading. From the kernel alone, whatever the config says by now.
 * @param vni of the config, as far as it has one
 */
export function leaveOverlay(files: Files, host: Kernel, network: string, vni: number): Promise<void> {
  return withOverlayLock(files, host, network, async () => {
    if (await hasAttachments(host, network)) return;
    const hash = networkHash(network);
    const all = await host.link.list({ kind: "vxlan" });
    const devices = all.filter((link) => overlayOf(link) === hash || isHalfMade(link, vni));
    const vnis = new Set(devices.map((link) => vxlanOf(link)?.vni ?? 0));
    // Plain routes tell their network by the VNI alone, and this network may have been refused because another one has it.
    const isAnothers = all.some((link) => (overlayOf(link) ?? hash) !== hash && vxlanOf(link)?.vni === vni);
    if (!isAnothers) vnis.add(vni);
    for (const { index } of devices) await deleteLink(host, index);
    await deleteDirectRoutes(host, vnis);
    await removeExempt(host, network);
  });
}

async function hasAttachments(host: Kernel, network: string): Promise<boolean> {
  const hash = networkHash(network);
  const links = await host.link.list({ kind: "veth" });
  return links.some((link) => isHostVethName(link.name) && parseOwnerMark(link.alias)?.network === hash);
}
