import { CNI_CODE, CniError } from "../../cni/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { isNetlinkError } from "../../netlink/socket/index.ts";
import { ensureShared, type SharedPart } from "./shared.ts";

/** What passes by itself; everything else of nf_tables that fails will fail again. */
const PASSING = ["EAGAIN", "EBUSY", "EINTR", "ENOBUFS", "ENOMEM", "ERESTART", "ETIMEDOUT"];

/** STATUS: CniError 50 when this kernel cannot do what the part needs. Nothing is changed. */
export async function requireUsable({ nft }: Kernel, part: SharedPart): Promise<void> {
  try {
    const changes = await ensureShared(nft, part);
    if (changes.length > 0) await nft.check(changes);
  } catch (error) {
    if (!isNetlinkError(error) || PASSING.includes(error.code)) throw error;
    throw new CniError(
      CNI_CODE.PLUGIN_NOT_AVAILABLE,
      "nf_tables cannot be used on this host",
      `${error.message}; needed are CAP_NET_ADMIN and a kernel of 5.10 or later with nf_tables, nft_nat, nft_masq, nft_fib and nft_ct`,
      { cause: error },
    );
  }
}
