import { formatIp, type Ip, parseIp, sameIp } from "../../../ip/index.ts";
import type { RulesetTable } from "../../../kernel/nft-ruleset.ts";
import {
  guardSlot,
  hostEnd,
  isLoopback,
  PORT_MAPS,
  type Published,
  portSlot,
  privateSlot,
  publishedOf,
  standbySlot,
} from "../../../plugin/nat/port-keys.ts";
import type { Slot } from "../../../plugin/nat/records.ts";
import { recordOf } from "../../../plugin/nat/records.ts";
import { ownerOf } from "../../../plugin/owner.ts";
import type { Snapshot } from "../../look/index.ts";
import { about, type Finding } from "../finding.ts";
import { type Attached, addressesOf, nameOf, type Picture } from "../picture.ts";
import { findElement } from "../rules/sets.ts";

/** A port as it stands in our maps, with the attachment it belongs to. */
export interface PublishedPort {
  readonly published: Published;
  readonly attachment: Attached["cached"] | undefined;
  /** Its mark is of nobody who is known. */
  readonly isOrphan: boolean;
  /** On loopback only. */
  readonly isPrivate: boolean;
  /** `tcp 0.0.0.0:8080` */
  readonly text: string;
  readonly target: string;
}

const ourTable = ({ nft }: Snapshot): RulesetTable | undefined =>
  nft?.tables.find(({ family, name }) => family === "inet" && name === "tsnet");

const has = (host: Snapshot, { set, key }: Slot): boolean => {
  const found = ourTable(host)?.sets.find((each) => each.set.name === set);
  return found !== undefined && (findElement(found, key) ?? null) !== null;
};

/** Whether somebody said who may use the port. */
export const guarded = (host: Snapshot, published: Published): boolean => has(host, guardSlot(published));

/** Several kinds of faults go through them. */
const PORTS = new WeakMap<Picture, PublishedPort[]>();

export function publishedPorts(picture: Picture): readonly PublishedPort[] {
  const known = PORTS.get(picture);
  if (known) return known;
  const found = readPorts(picture);
  PORTS.set(picture, found);
  return found;
}

/** Those of an attachment. */
export const portsByAttachment = (picture: Picture): ReadonlyMap<Attached["cached"] | undefined, PublishedPort[]> =>
  Map.groupBy(publishedPorts(picture), ({ attachment }) => attachment);

function readPorts({ host, attachments }: Picture): PublishedPort[] {
  const owners = new Map(attachments.map(({ cached }) => [ownerOf(cached).attachment, cached]));
  const table = ourTable(host);
  return PORT_MAPS.flatMap((name) => {
    const elements = table?.sets.find(({ set }) => set.name === name)?.elements ?? [];
    return elements.flatMap((element): PublishedPort[] => {
      const record = recordOf(name, element);
      const published = publishedOf(record);
      if (!published) return [];
      const attachment = record.owner && owners.get(record.owner.attachment);
      return [
        {
          published,
          attachment,
          isOrphan: record.owner !== undefined && attachment === undefined,
          isPrivate:
            has(host, privateSlot(published)) ||
            (published.hostAddress !== undefined && isLoopback(published.hostAddress)),
          text: hostEnd(published),
          target: `${formatIp(published.target)} port ${published.targetPort}`,
        },
      ];
    });
  });
}

/** Ports that were asked for and are not there, and those that lead to an address that nobody has. */
export function published(picture: Picture): Finding[] {
  return [...picture.attachments.flatMap((a) => missing(picture, a)), ...dead(picture)];
}

function dead(picture: Picture): Finding[] {
  const byCached = new Map(picture.attachments.map((a) => [a.cached, a]));
  return publishedPorts(picture).flatMap((port): Finding[] => {
    if (port.isOrphan || picture.addresses.has(formatIp(port.published.target))) return [];
    const of = port.attachment && byCached.get(port.attachment);
    return [
      {
        fault: "published-dead",
        sentence: `the published port ${port.text}${of ? ` of ${nameOf(of)}` : ""} leads to ${port.target}, and no container has that address`,
        evidence: [`the map in nft table inet tsnet says ${port.target}`],
        remedy: `tsnet ports release ${port.text}, then tsnet repair`,
        scopes: of ? [about.attachment(of.cached)] : [],
        follows: ["address-missing", "link-missing", "ipv6-disabled", "container-end-down"],
      },
    ];
  });
}

const PROTOCOLS = ["tcp", "udp", "sctp"] as const;

function missing({ host, addresses }: Picture, a: Attached): Finding[] {
  const publishes = a.plugins.some(
    ({ type, capabilities }) => type === "portmap" && capabilities.includes("portMappings"),
  );
  const asked = a.cached.capabilityArgs["portMappings"];
  // Without a host's end that is ours another's plugins may have published it in their way.
  if (!publishes || !Array.isArray(asked) || !a.hostEnd || host.nft === undefined) return [];
  const found: Finding[] = [];
  for (const mapping of asked) {
    if (typeof mapping !== "object" || mapping === null || Array.isArray(mapping)) continue;
    const { hostPort, containerPort, protocol: raw = "tcp", hostIP = "" } = mapping;
    const protocol = PROTOCOLS.find((p) => p === String(raw || "tcp").toLowerCase());
    if (!protocol || typeof hostPort !== "number" || typeof containerPort !== "number" || hostPort <= 0) continue;
    const given = typeof hostIP === "string" ? parseIp(hostIP) : undefined;
    const hostAddress: Ip | undefined = given && given.value !== 0n ? given : undefined;
    for (const { cidr } of addressesOf(a)) {
      const { family } = cidr.ip;
      if (given && given.family !== family) continue;
      const wanted: Published = { family, protocol, hostPort, hostAddress, target: cidr.ip, targetPort: containerPort };
      const slot = portSlot(wanted);
      const set = ourTable(host)?.sets.find((each) => each.set.name === slot.set);
      const element = set && findElement(set, slot.key);
      const record = element ? recordOf(slot.set, element) : undefined;
      const there = record && publishedOf(record);
      if (there && sameIp(there.target, cidr.ip) && there.targetPort === containerPort) continue;
      // Another of its networks publishes it.
      if (has(host, standbySlot(wanted)) || (family === 6 && hostAddress && isLoopback(hostAddress))) continue;
      // What leads to nobody is named by itself.
      if (there && !addresses.has(formatIp(there.target))) continue;
      found.push({
        fault: "published-missing",
        sentence: `port ${hostEnd(wanted)} is not published for ${nameOf(a)}${record ? `: it leads to ${there ? formatIp(there.target) : "something else"}` : ""}`,
        evidence: [
          `its runtime asked for host port ${hostPort} to container port ${containerPort}`,
          record
            ? `its record is of ${record.label || "nobody known"}`
            : `nft table inet tsnet, map ${slot.set} has no such element`,
        ],
        remedy: "tsnet repair, or tsnet doctor --fix",
        scopes: [about.attachment(a.cached)],
        fix: { kind: "repair" },
      });
    }
  }
  return found;
}
