import type { AttachmentRequest } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { findHostEnd } from "../../src/plugin/attachment-links.ts";
import { checkForwarding, ownIps } from "../../src/plugin/check.ts";
import { enableForwarding } from "../../src/plugin/forwarding.ts";
import { masquerade } from "../../src/plugin/nat/masquerade.ts";
import { ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { type RepairPart, restoreMissing } from "../../src/plugin/repair.ts";
import type { PtpConf } from "./config.ts";
import { checkHostEnd, restoreHostEnd } from "./host-end.ts";
import { hopsOf } from "./routing.ts";

/** Puts back the host's side of an attachment whose link is ours: gateway addresses, routes, forwarding, masquerading. */
export async function repair(
  req: AttachmentRequest<PtpConf>,
  { host }: PluginContext,
  how: { dryRun: boolean },
): Promise<string[]> {
  const attachment = attachmentOf(req);
  const end = await findHostEnd(host, ownerOf(attachment));
  const ips = ownIps(req);
  if (!end || ips.length === 0) return [];
  const hops = hopsOf(ips);
  const addresses = ips.map(({ address }) => address).join(", ");
  const parts: RepairPart[] = [
    {
      name: `the host's way to ${addresses}`,
      check: () => checkHostEnd(host, end, hops),
      restore: () => restoreHostEnd(host, end, hops),
    },
    ...[...new Set(hops.map(({ address }) => address.family))].map((family) => ({
      name: `forwarding for ${addresses}`,
      check: () => checkForwarding(host, family),
      restore: () => enableForwarding(host, family),
    })),
  ];
  if (req.conf.ipMasq)
    parts.push({
      name: `masquerading of ${addresses}`,
      check: () => masquerade.check(host, attachment, ips),
      restore: () => masquerade.add(host, attachment, ips),
    });
  return restoreMissing(parts, how);
}
