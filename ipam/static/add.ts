import { parseCniArgs } from "../../src/cni/args.ts";
import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest, CniResult } from "../../src/cni/types.ts";
import { versionAtLeast } from "../../src/cni/version.ts";
import { type Cidr, cidrContains, cidrProblem, formatCidr, formatIp, parseCidr, parseIp } from "../../src/ip/index.ts";
import type { StaticAddress, StaticConf } from "./config.ts";

/** ADD: the configured addresses. Nothing is kept, and nobody checks whether another container has them. */
export function add(req: AttachmentRequest<StaticConf>): CniResult {
  const { conf } = req;
  return {
    ips: addressesFor(req).map(({ address, gateway }) => ({
      address: formatCidr(address),
      gateway: gateway === undefined ? undefined : formatIp(gateway),
    })),
    routes: [...conf.routes],
    dns: conf.dns,
  };
}

/** All addresses of this attachment: the config's and those of CNI_ARGS behind them, or the runtime's alone. */
export function addressesFor(req: AttachmentRequest<StaticConf>): StaticAddress[] {
  const { conf } = req;
  const fromArgs = addressesOfArgs(req.args);
  const all = conf.replaced ? [...conf.addresses] : [...conf.addresses, ...fromArgs];
  for (const family of [4, 6]) {
    const count = all.filter(({ address }) => address.ip.family === family).length;
    if (count > 1 && !versionAtLeast(conf.cniVersion, "0.3.0"))
      throw new CniError(
        CNI_CODE.INVALID_NETWORK_CONFIG,
        `CNI version ${conf.cniVersion} does not support more than 1 address per family`,
        `there are ${count} IPv${family} addresses; use cniVersion 0.3.0 or later`,
      );
  }
  return all;
}

/** CNI_ARGS `IP` and `GATEWAY`, lists with commas. A gateway goes to each of these addresses whose subnet has it. */
function addressesOfArgs(text: string): StaticAddress[] {
  const args = parseCniArgs(text, ["IP", "GATEWAY"]);
  const addresses = split(args["IP"]).map(cidrOf);
  const gateways = split(args["GATEWAY"]).map((item) => {
    const gateway = parseIp(item);
    if (gateway === undefined) throw invalid(`Cannot parse GATEWAY "${item}" in CNI_ARGS`, "need an IP address");
    return gateway;
  });
  return addresses.map((address) => ({
    address,
    gateway: gateways.findLast((gateway) => cidrContains(address, gateway)),
  }));
}

function split(list: string | undefined): string[] {
  return list === undefined || list === "" ? [] : list.split(",").map((item) => item.trim());
}

function cidrOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw invalid(`Cannot parse IP "${text}" in CNI_ARGS: ${cidrProblem(text)}`, "");
  return cidr;
}

function invalid(msg: string, details: string): CniError {
  return new CniError(CNI_CODE.INVALID_ENVIRONMENT, msg, details);
}
