import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest, CniDns, CniResult } from "../../src/cni/types.ts";
import { formatCidr, formatIp } from "../../src/ip/index.ts";
import { absolute } from "../../src/plugin/absolute.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { errnoOf, type Files, textOf } from "../store/files.ts";
import { allocate } from "../store/lease.ts";
import type { HostLocalConf } from "./config.ts";
import { requestedIps } from "./requested.ts";
import { parseResolvConf } from "./resolv-conf.ts";
import { storeOf } from "./store.ts";

const MAX_RESOLV_CONF_BYTES = 1 << 20;

/** ADD: one address of each range set, all or none. */
export async function add(
  req: AttachmentRequest<HostLocalConf>,
  files: Files,
  ctx: Pick<PluginContext, "cwd">,
): Promise<CniResult> {
  const { conf, containerId, ifName } = req;
  if (conf.sets.length === 0)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      "no IP ranges specified",
      'host-local needs "ranges" (or "subnet") in ipam, or the capability "ipRanges" from the runtime',
    );
  const requested = requestedIps(conf.raw, req.args);
  const dns =
    conf.resolvConf === undefined ? undefined : readDns(files, absolute(conf.resolvConf, ctx, "ipam.resolvConf"));
  const choices = await allocate(storeOf(conf, files, ctx), {
    containerId,
    ifName,
    sets: conf.sets,
    requested,
    reuseExisting: conf.reuseExisting,
  });
  return {
    ips: choices.map(({ ip, range }) => ({
      address: formatCidr({ ip, prefixLen: range.subnet.prefixLen }),
      gateway: formatIp(range.gateway),
    })),
    routes: [...conf.routes],
    dns,
  };
}

function readDns(files: Files, path: string): CniDns {
  try {
    return parseResolvConf(textOf(files.readFile(path, MAX_RESOLV_CONF_BYTES)));
  } catch (error) {
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
    throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `Cannot read ipam.resolvConf "${path}"`, error.message, {
      cause: error,
    });
  }
}
