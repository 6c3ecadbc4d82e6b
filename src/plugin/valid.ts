import type { GcRequest, NetworkConfig } from "../cni/types.ts";
import { ownerOf } from "./owner.ts";

/** The attachments that GC leaves alone, as hashes. */
export const validOf = ({ conf, validAttachments }: GcRequest<NetworkConfig>): ReadonlySet<string> =>
  new Set(
    validAttachments.map(
      (a) => ownerOf({ network: conf.name, containerId: a.containerID, ifName: a.ifname }).attachment,
    ),
  );

/** What GC tells people about links that went. */
export function noteDeleted(note: (text: string) => void, network: string, count: number): void {
  if (count > 0) note(`GC of network "${network}": deleted ${count} links of attachments that are not valid any more`);
}
