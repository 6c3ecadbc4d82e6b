import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest, CniIp } from "../../src/cni/types.ts";
import { formatCidr, formatIp, parseCidr, parseIp, sameIp } from "../../src/ip/index.ts";
import { addressesFor } from "./add.ts";
import type { StaticAddress, StaticConf } from "./config.ts";

/** CHECK: the result has every configured address, and with its gateway where one is configured. */
export function check(req: AttachmentRequest<StaticConf>): void {
  const ips = req.conf.prevResult?.ips ?? [];
  for (const expected of addressesFor(req)) {
    const same = ips.filter((ip) => isAddress(ip, expected));
    if (same.length === 0)
      throw failed(`Address ${formatCidr(expected.address)} of ${req.ifName} is missing in the result`, ips);
    const { gateway } = expected;
    if (gateway !== undefined && !same.some((ip) => hasGateway(ip, gateway)))
      throw failed(
        `Address ${formatCidr(expected.address)} of ${req.ifName} has not the gateway ${formatIp(gateway)}`,
        same,
      );
  }
}

function isAddress(ip: CniIp, { address }: StaticAddress): boolean {
  const other = parseCidr(ip.address);
  return other !== undefined && sameIp(other.ip, address.ip) && other.prefixLen === address.prefixLen;
}

function hasGateway(ip: CniIp, gateway: Exclude<StaticAddress["gateway"], undefined>): boolean {
  const other = parseIp(ip.gateway ?? "");
  return other !== undefined && sameIp(other, gateway);
}

function failed(msg: string, ips: readonly CniIp[]): CniError {
  const have = ips.map(({ address, gateway }) => (gateway === undefined ? address : `${address} via ${gateway}`));
  return new CniError(CNI_CODE.CHECK_FAILED, msg, `the result has ${have.length === 0 ? "none" : have.join(", ")}`);
}
