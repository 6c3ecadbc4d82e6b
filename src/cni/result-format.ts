import { CNI_CODE, CniError } from "./errors.ts";
import { encodeJson } from "./json.ts";
import { resultForm } from "./result-form.ts";
import type { CniDns, CniInterface, CniIp, CniResult, CniRoute, CniVersion, Json, JsonObject } from "./types.ts";

/**
 * A result as text in the form of a version, byte for byte as the reference library prints it: four spaces, no newline at
 * the end. Up to 0.4.0 keys stand in the order of the specification and an empty `dns` is `{}`; from 1.0.0 on keys are
 * alphabetical and an empty `dns` is left out.
 */
export function formatResult(result: CniResult, version: CniVersion): string {
  return encodeJson(resultToJson(result, version), { indent: true, sorted: resultForm(version) === "1.1.0" });
}

/**
 * A result as an object in the form of a version, e.g. to be injected as `prevResult`.
 * What the form has no place for is lost, as in the reference's conversions: towards 0.4.0 and older `mtu`, `socketPath`
 * and `pciID` of interfaces; towards 0.2.0 and older also interfaces, all but the first address of each family, all of a
 * route but `dst` and `gw`, and routes of a family without an address. From 1.1.0 to 1.0.0 nothing is lost.
 * @throws CniError 7 when 0.2.0 or older has no address to show
 */
export function resultToJson(result: CniResult, version: CniVersion): JsonObject {
  switch (resultForm(version)) {
    case "0.2.0":
      return to020(result, version);
    case "0.4.0":
      return defined({
        cniVersion: version,
        interfaces: list(result.interfaces, (link) => defined({ ...interfaceName(link), sandbox: text(link.sandbox) })),
        ips: list(result.ips, (ip) => defined({ version: String(familyOf(ip.address)), ...ipFields(ip) })),
        routes: list(result.routes, routeFields),
        dns: dnsFields(result.dns),
      });
    default:
      return defined({
        cniVersion: version,
        interfaces: list(result.interfaces, interfaceFields),
        ips: list(result.ips, (ip) => defined(ipFields(ip))),
        routes: list(result.routes, routeFields),
        dns: isEmptyDns(result.dns) ? undefined : dnsFields(result.dns),
      });
  }
}

function to020(result: CniResult, version: CniVersion): JsonObject {
  const block = (family: 4 | 6): JsonObject | undefined => {
    const first = (result.ips ?? []).find((ip) => familyOf(ip.address) === family);
    if (first === undefined) return undefined;
    const routes = (result.routes ?? []).filter((route) => familyOf(route.dst) === family);
    return defined({
      ip: first.address,
      gateway: text(first.gateway),
      routes: list(routes, ({ dst, gw }) => defined({ dst, gw: text(gw) })),
    });
  };
  const ip4 = block(4);
  const ip6 = block(6);
  if (ip4 === undefined && ip6 === undefined)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      "cannot convert: no valid IP addresses",
      `a result of version ${version} needs an address; networks without addresses need cniVersion 0.3.0 or newer`,
    );
  return defined({ cniVersion: version, ip4, ip6, dns: dnsFields(result.dns) });
}

function interfaceName(link: CniInterface): Members {
  return { name: link.name, mac: text(link.mac) };
}

function interfaceFields(link: CniInterface): JsonObject {
  return defined({
    ...interfaceName(link),
    mtu: number(link.mtu),
    sandbox: text(link.sandbox),
    socketPath: text(link.socketPath),
    pciID: text(link.pciID),
  });
}

function ipFields(ip: CniIp): Members {
  return { interface: ip.interface, address: ip.address, gateway: text(ip.gateway) };
}

/** Route attributes are of 1.1.0, but the reference shows them in older forms too. An explicit table or scope 0 is kept. */
function routeFields(route: CniRoute): JsonObject {
  return defined({
    dst: route.dst,
    gw: text(route.gw),
    mtu: number(route.mtu),
    advmss: number(route.advmss),
    priority: number(route.priority),
    table: route.table,
    scope: route.scope,
  });
}

function dnsFields(dns: CniDns = {}): JsonObject {
  return defined({
    nameservers: list(dns.nameservers, (server) => server),
    domain: text(dns.domain),
    search: list(dns.search, (domain) => domain),
    options: list(dns.options, (option) => option),
  });
}

function isEmptyDns(dns: CniDns = {}): boolean {
  return Object.keys(dnsFields(dns)).length === 0;
}

function familyOf(address: string): 4 | 6 {
  return address.includes(":") ? 6 : 4;
}

type Members = Record<string, Json | undefined>;

/** Without the members that are `undefined`; the order stays. */
function defined(members: Members): JsonObject {
  const kept: JsonObject = {};
  for (const key in members) {
    const value = members[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}

/** The specification omits empty lists, strings and zero numbers. */
function list<T>(items: readonly T[] | undefined, convert: (item: T) => Json): Json[] | undefined {
  return items === undefined || items.length === 0 ? undefined : items.map(convert);
}

function text(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function number(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}
