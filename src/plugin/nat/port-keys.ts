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
