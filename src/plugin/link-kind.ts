import { CNI_CODE, CniError } from "../cni/errors.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { LinkKind } from "../netlink/rtnl/link-info.ts";
import { isNetlinkError } from "../netlink/socket/index.ts";

/** No interface can have it: a group's. */
const IMPOSSIBLE_MAC = "01:00:00:00:00:00";

/**
 * STATUS: code 50 when the kernel makes no links of a kind. It is asked for one with an address that no interface can have:
 * which of the two it refuses tells, and nothing is made.
 * @param purpose what they are for: `by which traffic from containers is limited`
 * @param modules what to load: `module ifb`
 */
export async function requireLinkKind(
  host: Pick<Kernel, "link">,
  info: LinkKind,
  { purpose, modules }: { purpose: string; modules: string },
): Promise<void> {
  try {
    await host.link.add({ name: "tsnet-probe", address: IMPOSSIBLE_MAC, info });
  } catch (error) {
    if (isNetlinkError(error, "EADDRNOTAVAIL")) return;
    if (!isNetlinkError(error, "EOPNOTSUPP")) throw error;
    throw new CniError(
      CNI_CODE.PLUGIN_NOT_AVAILABLE,
      `this kernel has no links of kind ${info.kind}, ${purpose}`,
      `${error.message}\nload the ${modules}`,
      { cause: error },
    );
  }
}
