import { formatIp, type Ip, ipFromBytes, ipToBytes } from "../../ip/index.ts";
import { type Family, PROTOCOL, type Protocol } from "./expressions.ts";
import type { NatRecord, Slot } from "./records.ts";

/** One published port of one family, exactly as it stands in a map. */
export interface Published {
  readonly family: Family;
  readonly protocol: Protocol;
  readonly hostPort: number;
  /** Absent: any address of the host. */
  readonly hostAddress: Ip | undefined;
  readonly target: Ip;
  readonly targetPort: number;
}

/** Sets by family. Those for one host address have it before protocol and port in their keys. */
export const PORT_SETS = {
  ports: { 4: "ports4", 6: "ports6" },
  hostPorts: { 4: "hostports4", 6: "hostports6" },
  guards: { 4: "guards4", 6: "guards6" },
  hostGuards: { 4: "hostguards4", 6: "hostguards6" },
  hairpin: { 4: "hairpin4", 6: "hairpin6" },
  private: { 4: "private4", 6: "private6" },
  standby: { 4: "standby4", 6: "standby6" },
} as const;

/** The maps whose elements are the published ports; the other sets go with them. */
export const PORT_MAPS: readonly string[] = [
  PORT_SETS.ports[4],
  PORT_SETS.ports[6],
  PORT_SETS.hostPorts[4],
  PORT_SETS.hostPorts[6],
];
/** Every set with elements of attachments. */
export const ALL_PORT_SETS: readonly string[] = Object.values(PORT_SETS).flatMap((byFamily) => Object.values(byFamily));

function key(address: Ip | undefined, protocol: Protocol, port: number): Uint8Array {
  const prefix = address ? ipToBytes(address) : undefined;
  const at = prefix?.length ?? 0;
  const out = new Uint8Array(at + 8);
  if (prefix) out.set(prefix);
  out[at] = PROTOCOL[protocol];
  out[at + 4] = port >> 8;
  out[at + 5] = port & 255;
  return out;
}

/** Protocol and port as they stand in every key. */
export const portBytes = (protocol: Protocol, port: number): Uint8Array => key(undefined, protocol, port);

export const portSlot = (p: Pick<Published, "family" | "protocol" | "hostPort" | "hostAddress">): Slot => ({
  set: p.hostAddress ? PORT_SETS.hostPorts[p.family] : PORT_SETS.ports[p.family],
  key: key(p.hostAddress, p.protocol, p.hostPort),
});

export const guardSlot = (p: Pick<Published, "family" | "protocol" | "hostPort" | "hostAddress">): Slot => ({
  set: p.hostAddress ? PORT_SETS.hostGuards[p.family] : PORT_SETS.guards[p.family],
  key: key(p.hostAddress, p.protocol, p.hostPort),
});

export const hairpinSlot = (p: Published): Slot => ({
  set: PORT_SETS.hairpin[p.family],
  key: key(p.target, p.protocol, p.hostPort),
});

export const privateSlot = (p: Published): Slot => ({
  set: PORT_SETS.private[p.family],
  key: key(p.target, p.protocol, p.targetPort),
});

/**
 * A port that leads to the container through another of its networks, and would through this one if that went: host
 * address (zero is any), protocol, host port, container address.
 */
export function standbySlot(p: Published): Slot {
  const size = p.family === 4 ? 4 : 16;
  const bytes = new Uint8Array(2 * size + 8);
  if (p.hostAddress) bytes.set(ipToBytes(p.hostAddress));
  bytes.set(portBytes(p.protocol, p.hostPort), size);
  bytes.set(ipToBytes(p.target), size + 8);
  return { set: PORT_SETS.standby[p.family], key: bytes };
}

/** The data of a standby's element: the container's port. */
export const standbyData = ({ targetPort }: Published): Uint8Array => Uint8Array.of(targetPort >> 8, targetPort & 255);

/** What a record of a standby set would publish. */
export function standbyOf({ set, key: bytes, element }: NatRecord): Published | undefined {
  const family: Family = set === PORT_SETS.standby[4] ? 4 : 6;
  const size = family === 4 ? 4 : 16;
  const [host, target] = [ipFromBytes(bytes.subarray(0, size)), ipFromBytes(bytes.subarray(size + 8))];
  const protocol = PROTOCOL_NAMES[bytes[size] ?? 0];
  const data = element.data?.value;
  if (!protocol || !data || !host || !target) return undefined;
  return {
    family,
    protocol,
    hostPort: ((bytes[size + 4] ?? 0) << 8) | (bytes[size + 5] ?? 0),
    hostAddress: host.value === 0n ? undefined : host,
    target,
    targetPort: ((data[0] ?? 0) << 8) | (data[1] ?? 0),
  };
}

type HostEnd = Pick<Published, "family" | "protocol" | "hostPort" | "hostAddress">;

/** Whether two ports of the host exclude each other, as two sockets would. */
export const conflicts = (a: HostEnd, b: HostEnd): boolean =>
  a.family === b.family &&
  a.protocol === b.protocol &&
  a.hostPort === b.hostPort &&
  (!a.hostAddress || !b.hostAddress || a.hostAddress.value === b.hostAddress.value);

/** Ports of the host, to be asked for one that excludes another: in ten thousand as quickly as in ten. */
export function portIndex(ports: Iterable<HostEnd> = []): { add(p: HostEnd): void; hasConflict(p: HostEnd): boolean } {
  const byPort = new Map<string, HostEnd[]>();
  const nameOf = (p: HostEnd): string => `${p.family} ${p.protocol} ${p.hostPort}`;
  const add = (p: HostEnd): void => {
    const same = byPort.get(nameOf(p));
    if (same) same.push(p);
    else byPort.set(nameOf(p), [p]);
  };
  for (const p of ports) add(p);
  return { add, hasConflict: (p) => byPort.get(nameOf(p))?.some((other) => conflicts(other, p)) ?? false };
}

/** The data of a map's element: address and port, the port padded to four bytes. */
export function targetBytes({ target, targetPort }: Published): Uint8Array {
  const address = ipToBytes(target);
  const out = new Uint8Array(address.length + 4);
  out.set(address);
  out[address.length] = targetPort >> 8;
  out[address.length + 1] = targetPort & 255;
  return out;
}

const PROTOCOL_NAMES: Readonly<Record<number, Protocol>> = { 6: "tcp", 17: "udp", 132: "sctp" };

/** What a record of a port map publishes; `undefined` for an element that cannot be ours. */
export function publishedOf({ set, key: bytes, element }: NatRecord): Published | undefined {
  const family: Family = set.endsWith("4") ? 4 : 6;
  const size = family === 4 ? 4 : 16;
  const at = bytes.length - 8;
  const data = element.data?.value;
  const protocol = PROTOCOL_NAMES[bytes[at] ?? 0];
  const target = data && ipFromBytes(data.subarray(0, size));
  if (!protocol || !data || !target || data.length !== size + 4 || (at !== 0 && at !== size)) return undefined;
  return {
    family,
    protocol,
    hostPort: ((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0),
    hostAddress: at === 0 ? undefined : ipFromBytes(bytes.subarray(0, size)),
    target,
    targetPort: ((data[size] ?? 0) << 8) | (data[size + 1] ?? 0),
  };
}

/** `tcp 127.0.0.1:8080`, `udp [::]:53` */
export function hostEnd(p: Pick<Published, "family" | "protocol" | "hostPort" | "hostAddress">): string {
  const address = p.hostAddress ? formatIp(p.hostAddress) : p.family === 4 ? "0.0.0.0" : "::";
  return `${p.protocol} ${p.family === 4 ? address : `[${address}]`}:${p.hostPort}`;
}

/** `127.0.0.0/8`, `::1` */
export const isLoopback = (ip: Ip): boolean => (ip.family === 4 ? ip.value >> 24n === 127n : ip.value === 1n);
