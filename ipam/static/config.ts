import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { type Fields, fields } from "../../src/cni/keys.ts";
import { parseDns, parseRoute } from "../../src/cni/result-parse.ts";
import type { CniDns, CniResult, CniRoute, CniVersion, NetworkConfig } from "../../src/cni/types.ts";
import { type Cidr, cidrProblem, type Ip, parseCidr, parseIp } from "../../src/ip/index.ts";

export interface StaticAddress {
  /** Host bits are the address. */
  readonly address: Cidr;
  readonly gateway: Ip | undefined;
}

export interface StaticConf {
  readonly cniVersion: CniVersion;
  readonly addresses: readonly StaticAddress[];
  /** The addresses come from the runtime (capability `ips`, or `args.cni.ips`), so those of CNI_ARGS do not count. */
  readonly replaced: boolean;
  readonly routes: readonly CniRoute[];
  readonly dns: CniDns | undefined;
  readonly prevResult: CniResult | undefined;
}

/**
 * Reads `ipam`, `args.cni.ips` and `runtimeConfig.ips`. Of these the last that is not empty gives all the addresses. There
 * is nothing to clean up, so with `lenient` nothing is read at all.
 */
export function parseConf(conf: NetworkConfig, { lenient }: { lenient: boolean }): StaticConf {
  const nothing = { cniVersion: conf.cniVersion, prevResult: conf.prevResult, replaced: false };
  if (lenient) return { ...nothing, addresses: [], routes: [], dns: undefined };
  const top = fields(conf.raw);
  const ipam = top.object("ipam");
  if (ipam === undefined) throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, "IPAM config missing 'ipam' key");
  const given = listed(top.object("runtimeConfig")) ?? listed(top.object("args")?.object("cni"));
  return {
    ...nothing,
    addresses: given ?? (ipam.objects("addresses") ?? []).map(parseAddress),
    replaced: given !== undefined,
    routes: (ipam.objects("routes") ?? []).map(parseRoute),
    dns: parseDns(ipam.object("dns")),
  };
}

/** `undefined` when there are none. */
function listed(from: Fields | undefined): StaticAddress[] | undefined {
  const texts = from?.strings("ips") ?? [];
  if (from === undefined || texts.length === 0) return undefined;
  return texts.map((text) => ({ address: cidrOf(text, from.pathOf("ips")), gateway: undefined }));
}

function parseAddress(entry: Fields): StaticAddress {
  const gateway = entry.string("gateway") ?? "";
  const parsed = parseIp(gateway);
  if (gateway !== "" && parsed === undefined) throw entry.wrong("gateway", "an IP address");
  return { address: cidrOf(entry.string("address") ?? "", entry.pathOf("address")), gateway: parsed };
}

function cidrOf(text: string, key: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `Cannot parse address "${text}": ${cidrProblem(text)}`,
      `key "${key}"`,
    );
  return cidr;
}
