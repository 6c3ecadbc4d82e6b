import { cidrProblem, formatCidr, formatIp, parseCidr, parseIp } from "../ip/index.ts";
import { CNI_CODE, CniError } from "./errors.ts";
import { type Fields, fields } from "./keys.ts";
import { resultForm } from "./result-form.ts";
import type { CniDns, CniInterface, CniIp, CniResult, CniRoute, CniVersion, JsonObject } from "./types.ts";

/**
 * Reads a result of any version into the newest form (specification 1.1.0 "Result types"; older forms: their own
 * specifications). The document's own `cniVersion` must be of the same form as `version`; without one `version` is
 * assumed. Addresses become canonical text. Unknown keys are dropped, as the reference does.
 * @param path where the result stands, for errors: `prevResult`
 * @throws CniError 7 with the path of the wrong key
 */
export function parseResult(raw: JsonObject, version: CniVersion, path = "result"): CniResult {
  const result = fields(raw, path);
  const own = result.string("cniVersion") ?? "";
  const form = resultForm(version);
  if (own !== "" && resultForm(own) !== form)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `key ${JSON.stringify(result.pathOf("cniVersion"))}: a result of version ${JSON.stringify(own)} cannot be read as ${version}`,
    );
  return form === "0.2.0"
    ? parse020(result)
    : parseWithInterfaces(result, form === "1.1.0" ? parseInterface : parseOldInterface);
}

/** 0.1.0 and 0.2.0: one address a family, routes inside its block. */
function parse020(result: Fields): CniResult {
  const ips: CniIp[] = [];
  const routes: CniRoute[] = [];
  for (const key of ["ip4", "ip6"]) {
    const block = result.object(key);
    if (block === undefined) continue;
    ips.push({ address: cidr(block, "ip"), gateway: ip(block, "gateway") });
    routes.push(...(block.objects("routes") ?? []).map(parseRoute));
  }
  return { ips, routes, dns: parseDns(result.object("dns")) };
}

/** 0.3.0 to 1.1.0: `ips[].version`, which 0.4.0 and older have, says nothing that the address does not. */
function parseWithInterfaces(result: Fields, readInterface: (link: Fields) => CniInterface): CniResult {
  return {
    interfaces: (result.objects("interfaces") ?? []).map(readInterface),
    ips: (result.objects("ips") ?? []).map(parseIpConfig),
    routes: (result.objects("routes") ?? []).map(parseRoute),
    dns: parseDns(result.object("dns")),
  };
}

function parseOldInterface(link: Fields): CniInterface {
  return { name: link.string("name") ?? "", mac: link.string("mac"), sandbox: link.string("sandbox") };
}

function parseInterface(link: Fields): CniInterface {
  return {
    ...parseOldInterface(link),
    mtu: link.int("mtu", { min: 0 }),
    socketPath: link.string("socketPath"),
    pciID: link.string("pciID"),
  };
}

function parseIpConfig(entry: Fields): CniIp {
  return {
    address: cidr(entry, "address"),
    gateway: ip(entry, "gateway"),
    interface: entry.int("interface"),
  };
}

/** Bounds of what the kernel holds in u32 and u8 (linux/rtnetlink.h: RTA_TABLE, RTA_PRIORITY, RTAX_*; `rtm_scope`). */
const U32 = { min: 0, max: 0xffff_ffff };
const U8 = { min: 0, max: 0xff };

/** One route, of a result or of an IPAM configuration. */
export function parseRoute(route: Fields): CniRoute {
  return {
    dst: cidr(route, "dst"),
    gw: ip(route, "gw"),
    mtu: route.int("mtu", U32),
    advmss: route.int("advmss", U32),
    priority: route.int("priority", U32),
    table: route.int("table", U32),
    scope: route.int("scope", U8),
  };
}

export function parseDns(dns: Fields | undefined): CniDns | undefined {
  if (dns === undefined) return undefined;
  return {
    nameservers: dns.strings("nameservers"),
    domain: dns.string("domain"),
    search: dns.strings("search"),
    options: dns.strings("options"),
  };
}

function cidr(from: Fields, key: string): string {
  const text = from.string(key) ?? "";
  const parsed = parseCidr(text);
  if (parsed === undefined) throw from.wrong(key, `an address with prefix length (${cidrProblem(text)})`);
  return formatCidr(parsed);
}

/** The empty string is "not set", as for the reference. */
function ip(from: Fields, key: string): string | undefined {
  const text = from.string(key) ?? "";
  if (text === "") return undefined;
  const parsed = parseIp(text);
  if (parsed === undefined) throw from.wrong(key, "an IP address");
  return formatIp(parsed);
}
