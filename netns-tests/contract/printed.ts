import { expect } from "bun:test";
import type { CniVersion } from "../../src/cni/types.ts";
import type { PrintedResult } from "../support/plugin.ts";

type Obj = Record<string, unknown>;

/** Addresses of a printed result in any version's form, without prefix length, v4 before v6. */
export function addressesOf(result: PrintedResult): string[] {
  const { ip4, ip6, ips } = result as unknown as { ip4?: Obj; ip6?: Obj; ips?: Obj[] };
  const texts = [ip4?.["ip"], ip6?.["ip"], ...(ips ?? []).map((ip) => ip["address"])];
  const addresses = texts.filter((text) => typeof text === "string").map((text) => text.replace(/\/.*/, ""));
  return addresses.sort((a, b) => Number(a.includes(":")) - Number(b.includes(":")));
}

/** The keys that each version's result may have, at the top and below (specification 1.1.0 and its predecessors). */
export function expectForm(result: PrintedResult, version: CniVersion): void {
  const keys = (value: unknown): string[] => Object.keys((value ?? {}) as Obj).sort();
  const { ip4, ip6, ips, interfaces } = result as unknown as { ip4?: Obj; ip6?: Obj; ips?: Obj[]; interfaces?: Obj[] };
  expect(result.cniVersion).toBe(version);
  if (version === "0.1.0" || version === "0.2.0") {
    expect(keys(result)).toEqual(["cniVersion", "dns", ...(ip4 ? ["ip4"] : []), ...(ip6 ? ["ip6"] : [])]);
    for (const block of [ip4, ip6]) expect(["gateway", "ip", "routes"]).toEqual(expect.arrayContaining(keys(block)));
    return;
  }
  const isOne = version.startsWith("1.");
  const top = ["cniVersion", "dns", "interfaces", "ips", "routes"];
  expect(top).toEqual(expect.arrayContaining(keys(result)));
  // An empty dns is `{}` up to 0.4.0 and absent after.
  if (!isOne) expect(keys(result)).toContain("dns");
  for (const ip of ips ?? []) {
    const wanted = String(ip["address"]).includes(":") ? "6" : "4";
    if (isOne) expect(keys(ip)).not.toContain("version");
    else expect(ip["version"]).toBe(wanted);
  }
  const known = isOne ? ["mac", "mtu", "name", "sandbox"] : ["mac", "name", "sandbox"];
  for (const each of interfaces ?? []) expect(known).toEqual(expect.arrayContaining(keys(each)));
}
