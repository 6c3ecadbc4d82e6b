import type { AttachmentRequest, NetworkConfig } from "../../cni/types.ts";
import { ipToBytes } from "../../ip/ip.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { attachmentOf } from "../attachment.ts";
import { cidrOf } from "../layer3.ts";

// DEL of plugins with `ipMasq`. nf_tables is loaded where there is something to look for in it: most of a plain DEL's time
// would be that.

/** Takes an attachment's masquerading away. */
export async function removeMasquerade(host: Kernel, req: AttachmentRequest<NetworkConfig>): Promise<void> {
  const { masquerade } = await import("./masquerade.ts");
  await masquerade.del(host, attachmentOf(req), req.conf.prevResult?.ips);
}

/** Takes away what the reference plugin's `ipMasq` left of an attachment. */
export async function removeReference(host: Kernel, req: AttachmentRequest<NetworkConfig>): Promise<void> {
  const { removeReferenceMasquerade } = await import("./reference-masquerade.ts");
  const addresses = (req.conf.prevResult?.ips ?? []).map((ip) => ipToBytes(cidrOf(ip.address).ip));
  await removeReferenceMasquerade(host, attachmentOf(req), addresses);
}
