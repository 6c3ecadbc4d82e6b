import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { type Fields, fields } from "../../src/cni/keys.ts";
import { parseRoute } from "../../src/cni/result-parse.ts";
import type { CniResult, CniRoute, CniVersion, JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { versionAtLeast } from "../../src/cni/version.ts";
import { cidrProblem, type Ip, parseCidr, parseIp } from "../../src/ip/index.ts";
import { DEFAULT_DATA_DIR } from "../store/layout.ts";
import { DEFAULT_LOCK_TIMEOUT_MS } from "../store/lock.ts";
import { checkRangeSets, completeRange, familyOf, type Range, type RangeSet } from "../store/ranges.ts";

export interface HostLocalConf {
  readonly network: string;
  readonly dataDir: string;
  /**
   * One address is allocated of each. Empty for DEL and GC, which do not read them, and where all ranges come by the
   * capability `ipRanges`: a runtime does not send it with STATUS.
   */
  readonly sets: readonly RangeSet[];
  readonly routes: readonly CniRoute[];
  /** A file in resolv.conf(5) form whose content goes into the result. */
  readonly resolvConf: string | undefined;
  readonly reuseExisting: boolean;
  readonly statusWhenFull: "warn" | "fail";
  readonly lockTimeoutMs: number;
  readonly prevResult: CniResult | undefined;
  /** The whole config: requested addresses are read from it together with CNI_ARGS. */
  readonly raw: JsonObject;
}

/** Reads the `ipam` object and the capabilities. DEL and GC need no more of it than where the leases are. */
export function parseConf(conf: NetworkConfig, { lenient }: { lenient: boolean }): HostLocalConf {
  const top = fields(conf.raw, "", lenient);
  const ipam = top.object("ipam");
  if (ipam === undefined && !lenient) throw invalid("IPAM config missing 'ipam' key");
  const dataDir = ipam?.string("dataDir") ?? "";
  return {
    network: conf.name,
    dataDir: dataDir === "" ? DEFAULT_DATA_DIR : dataDir,
    sets: lenient || ipam === undefined ? [] : rangeSets(top, ipam, conf.cniVersion),
    routes: lenient ? [] : (ipam?.objects("routes") ?? []).map(parseRoute),
    resolvConf: ipam?.string("resolvConf") || undefined,
    reuseExisting: ipam?.bool("reuseExisting") ?? false,
    statusWhenFull: whenFull(ipam, lenient),
    lockTimeoutMs: ipam?.int("lockTimeoutMs", { min: 1, max: 600_000 }) ?? DEFAULT_LOCK_TIMEOUT_MS,
    prevResult: conf.prevResult,
    raw: conf.raw,
  };
}

function invalid(msg: string, details = ""): CniError {
  return new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, msg, details);
}

function whenFull(ipam: Fields | undefined, lenient: boolean): "warn" | "fail" {
  const value = ipam?.string("statusWhenFull") ?? "warn";
  if (value === "warn" || value === "fail") return value;
  if (ipam === undefined || lenient) return "warn";
  throw ipam.wrong("statusWhenFull", '"warn" or "fail"');
}

/** In the reference's order: capability `ipRanges`, the old single range at the top of `ipam`, `ranges`. */
function rangeSets(top: Fields, ipam: Fields, version: CniVersion): RangeSet[] {
  const sets: RangeSet[] = [];
  for (const set of top.object("runtimeConfig")?.objectLists("ipRanges") ?? []) sets.push(set.map(parseRange));
  if ((ipam.string("subnet") ?? "") !== "") sets.push([parseRange(ipam)]);
  for (const set of ipam.objectLists("ranges") ?? []) sets.push(set.map(parseRange));
  checkRangeSets(sets);
  for (const family of [4, 6])
    if (sets.filter((set) => familyOf(set) === family).length > 1 && !versionAtLeast(version, "0.3.0"))
      throw invalid(
        `CNI version ${version} does not support more than 1 address per family`,
        `there is more than one IPv${family} range set; use cniVersion 0.3.0 or later`,
      );
  return sets;
}

function parseRange(range: Fields): Range {
  const text = range.string("subnet") ?? "";
  const subnet = parseCidr(text);
  if (subnet === undefined)
    throw invalid(`Cannot parse subnet "${text}": ${cidrProblem(text)}`, `key "${range.pathOf("subnet")}"`);
  try {
    return completeRange({
      subnet,
      start: optionalIp(range, "rangeStart"),
      end: optionalIp(range, "rangeEnd"),
      gateway: optionalIp(range, "gateway"),
    });
  } catch (error) {
    if (!(error instanceof CniError) || range.path === "") throw error;
    throw new CniError(error.code, error.message, [error.details, `in "${range.path}"`].filter(Boolean).join("; "));
  }
}

/** The empty string is "not set", as for the reference. */
function optionalIp(from: Fields, key: string): Ip | undefined {
  const text = from.string(key) ?? "";
  if (text === "") return undefined;
  const ip = parseIp(text);
  if (ip === undefined) throw from.wrong(key, "an IP address");
  return ip;
}
