import type { Files as StoreFiles } from "../../ipam/store/files.ts";
import type { Native } from "../../native/addon.ts";

/** What tuning needs of the addon beside the kernel: the list of allowed keys, and its records. */
export type Files = StoreFiles & Pick<Native, "replaceFile">;
