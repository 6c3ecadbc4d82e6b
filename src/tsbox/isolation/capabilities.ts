import type { CapabilitySets } from "../helper/config.ts";
import { CAP } from "./capabilities.const.ts";

/** A capability that does not exist, in a sentence for the user. */
export class CapabilityError extends Error {
  override readonly name = "CapabilityError";
}

export type Capability = `CAP_${keyof typeof CAP}`;

const ALL = "ALL";
const NAMES = Object.keys(CAP).map((name) => `CAP_${name}` as Capability);

/** What Docker and containerd give a container: 14 of 41 (moby, oci/caps/defaults.go). */
export const DEFAULT_CAPABILITIES: readonly Capability[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
];

/** `CAP_NET_ADMIN` of `net_admin`, `NET_ADMIN` or `CAP_NET_ADMIN`; `ALL` of `all`. */
export function parseCapability(text: string): Capability | typeof ALL {
  const word = text.toUpperCase();
  if (word === ALL) return ALL;
  const name = word.startsWith("CAP_") ? word : `CAP_${word}`;
  const found = NAMES.find((known) => known === name);
  if (found === undefined)
    throw new CapabilityError(`Unknown capability ${JSON.stringify(text)}: see capabilities(7), or ALL`);
  return found;
}

export interface CapabilityOptions {
  /** Of `--cap-add` and `--cap-drop`, as the user wrote them. */
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly privileged: boolean;
}

/**
 * A container's capabilities, as Docker counts them: `--cap-add ALL` is all but the dropped ones, `--cap-drop ALL` leaves
 * the added ones, else the default without the dropped ones and with the added ones. In the kernel's order.
 * @param available what this process could hand on; `--privileged` is all of it
 */
export function capabilitiesFor(
  { add, drop, privileged }: CapabilityOptions,
  available: readonly Capability[],
): Capability[] {
  const added = new Set(add.map(parseCapability));
  const dropped = new Set(drop.map(parseCapability));
  if (privileged) return [...available];
  const isIn = (name: Capability): boolean => {
    if (added.has(ALL)) return available.includes(name) && !dropped.has(name);
    if (dropped.has(ALL)) return added.has(name);
    return added.has(name) || (DEFAULT_CAPABILITIES.includes(name) && !dropped.has(name));
  };
  return NAMES.filter(isIn);
}

/**
 * Capabilities of a process's bounding set.
 * @param status text of /proc/PID/status (proc(5), CapBnd)
 */
export function boundingSet(status: string): Capability[] {
  return namesOf(BigInt(`0x${/^CapBnd:\s*([0-9a-f]{1,16})$/m.exec(status)?.[1] ?? "0"}`));
}

/** The capabilities of a mask, in the kernel's order. */
export const namesOf = (mask: bigint): Capability[] => NAMES.filter((name) => (mask & bitOf(name)) !== 0n);

/**
 * The sets of a container's first process: bounding, permitted and effective. Inheritable stays empty (CVE-2022-24769: what
 * is in it comes back through files with capabilities), ambient too.
 */
export function capabilitySets(capabilities: readonly Capability[]): CapabilitySets {
  const mask = capabilities.reduce((sum, name) => sum | bitOf(name), 0n);
  return { bounding: mask, effective: mask, permitted: mask, inheritable: 0n, ambient: 0n };
}

const bitOf = (name: Capability): bigint => 1n << BigInt(CAP[name.slice("CAP_".length) as keyof typeof CAP]);
