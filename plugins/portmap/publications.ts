import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest, CniResult } from "../../src/cni/types.ts";
import { type Cidr, parseCidr } from "../../src/ip/index.ts";
import { alternatives } from "../../src/plugin/nat/condition.ts";
import type { Family } from "../../src/plugin/nat/expressions.ts";
import { hostEnd } from "../../src/plugin/nat/port-keys.ts";
import type { Publication } from "../../src/plugin/nat/publish.ts";
import { guardChain, hairpinChain, masqueradeAll } from "../../src/plugin/nat/side-chains.ts";
import type { HostPort } from "../../src/plugin/nat/unpublish.ts";
import type { PortMapping, PortmapConf } from "./config.ts";

/** The container's address of each family, with the length of its network. */
export type ContainerAddresses = Readonly<Partial<Record<Family, Cidr>>>;

/** As in the reference: the first of each family that belongs to CNI_IFNAME in a sandbox, or to no interface. */
export function containerAddresses(result: CniResult, ifName: string): ContainerAddresses {
  const found: Partial<Record<Family, Cidr>> = {};
  for (const ip of result.ips ?? []) {
    const owner = ip.interface === undefined ? undefined : result.interfaces?.[ip.interface];
    if (ip.interface !== undefined && (owner?.name !== ifName || !owner.sandbox)) continue;
    const cidr = parseCidr(ip.address);
    if (cidr) found[cidr.ip.family] ??= cidr;
  }
  return found;
}

/** `0.0.0.0` and `::` are every address of their family. */
const isAny = (mapping: PortMapping): boolean => mapping.hostIp === undefined || mapping.hostIp.value === 0n;

const FAMILIES: readonly Family[] = [4, 6];

/** Where a mapping listens: one place for each family it is of. */
function* placesOf(mapping: PortMapping): Generator<HostPort> {
  const { protocol, hostPort, hostIp } = mapping;
  const hostAddress = isAny(mapping) ? undefined : hostIp;
  for (const family of FAMILIES)
    if (!hostIp || hostIp.family === family) yield { family, protocol, hostPort, hostAddress };
}

export const hostPortsOf = (mappings: readonly PortMapping[]): HostPort[] =>
  mappings.flatMap((mapping) => [...placesOf(mapping)]);

/** What to publish for a request, for the families that the container has addresses of. */
export function publicationsOf(req: AttachmentRequest<PortmapConf>, addresses: ContainerAddresses): Publication[] {
  const { conf } = req;
  const sides = { 4: sidesOf(conf, 4, addresses[4]), 6: sidesOf(conf, 6, addresses[6]) };
  const byPlace = new Map<string, Publication>();
  for (const mapping of conf.mappings ?? []) {
    for (const place of placesOf(mapping)) {
      const target = addresses[place.family]?.ip;
      if (!target) continue;
      const publication = { ...place, target, targetPort: mapping.containerPort, ...sides[place.family] };
      const name = hostEnd(publication);
      const other = byPlace.get(name);
      if (other && other.targetPort !== publication.targetPort)
        throw new CniError(
          CNI_CODE.INVALID_NETWORK_CONFIG,
          `key "runtimeConfig.portMappings": host port ${name} leads to container ports ${other.targetPort} and ${publication.targetPort}`,
          "name each host port once",
        );
      byPlace.set(name, publication);
    }
  }
  return [...byPlace.values()];
}

function sidesOf(
  { snat, masqAll, conditions }: PortmapConf,
  family: Family,
  address: Cidr | undefined,
): Pick<Publication, "hairpin" | "guard"> {
  const hairpin = !snat || !address ? undefined : masqAll ? masqueradeAll() : hairpinChain(address);
  const tests = conditions[family];
  return { hairpin, guard: tests.length === 0 ? undefined : guardChain(alternatives(family, tests)) };
}
