import type { Attachment } from "../../cni/runtime/cache.ts";
import type { CniAttachment, CniResult } from "../../cni/types.ts";

/** Something to be done on a network, as `runTask` hands it to the process that does it. */
export type NetworkTask = {
  /** The network's list, as its file would be. */
  readonly list: string;
  /** Where attachments are remembered. */
  readonly cacheDir: string;
} & (
  | { readonly verb: "add" | "del"; readonly attachment: Attachment }
  /** Removes what is none of these. */
  | { readonly verb: "gc"; readonly valid: readonly CniAttachment[] }
);

export type NetworkAnswer =
  | { readonly ok: true; readonly result: CniResult | undefined }
  /** A CniError. */
  | { readonly ok: false; readonly code: number; readonly message: string; readonly details: string };
