import type { AttachmentRequest, NetworkConfig } from "../cni/types.ts";
import type { Attachment } from "./owner.ts";

/** The three names under which everything of a request is kept. */
export function attachmentOf(req: AttachmentRequest<NetworkConfig>): Attachment {
  return { network: req.conf.name, containerId: req.containerId, ifName: req.ifName };
}
