import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest } from "../../src/cni/types.ts";
import { formatIp, type Ip, parseCidr, sameIp } from "../../src/ip/index.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { Files } from "../store/files.ts";
import { rangeFor } from "../store/ranges.ts";
import { heldBy } from "../store/verbs.ts";
import type { HostLocalConf } from "./config.ts";
import { storeOf } from "./store.ts";

/**
 * CHECK: the attachment holds an address, and each address of the result that lies in a range set of ours is held by it.
 * The reference is content with any one lease.
 */
export async function check(
  req: AttachmentRequest<HostLocalConf>,
  files: Files,
  ctx: Pick<PluginContext, "cwd">,
): Promise<void> {
  const { conf, containerId, ifName } = req;
  const store = storeOf(conf, files, ctx);
  const held = await heldBy(store, containerId, ifName);
  if (held.length === 0)
    throw failed(
      `Failed to find an address of container ${containerId} ${ifName}`,
      `no lease in ${store.layout.leases} names it`,
    );
  const missing = ownAddresses(conf).filter((ip) => !held.some((other) => sameIp(ip, other)));
  if (missing.length > 0)
    throw failed(
      `Address ${missing.map(formatIp).join(" ")} of container ${containerId} ${ifName} is not leased to it`,
      `its leases in ${store.layout.leases} are ${held.map(formatIp).join(" ")}`,
    );
}

function failed(msg: string, details: string): CniError {
  return new CniError(CNI_CODE.CHECK_FAILED, msg, details);
}

function ownAddresses(conf: HostLocalConf): Ip[] {
  const ips = (conf.prevResult?.ips ?? []).map(({ address }) => parseCidr(address)?.ip);
  return ips.filter((ip) => ip !== undefined).filter((ip) => conf.sets.some((set) => rangeFor(set, ip) !== undefined));
}
