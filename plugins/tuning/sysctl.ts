import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { errnoCode } from "../../src/plugin/errors.ts";

/** A kernel parameter to be set. */
export interface Sysctl {
  /** As the config has it: `net.ipv4.conf.IFNAME.arp_notify`. */
  readonly key: string;
  /** Below /proc/sys, `IFNAME` not yet replaced. */
  readonly path: string;
  readonly value: string;
}

/** Longer ones name nothing: the longest of the kernel's has some 80 with an interface's name. */
const MAX_KEY = 255;
/** What the kernel takes in one write: a page. */
const MAX_VALUE = 4096;

/**
 * Reads a key as sysctl(8) does, which both separators may stand in: where the first is a slash, dots are part of names
 * (`net/ipv4/conf/eth0.5/forwarding`); otherwise all dots are separators. CniError 7 for what is not below `net`.
 * @param name of the key, for messages
 */
export function parseSysctl(name: string, key: string, value: string): Sysctl {
  const refuse = (why: string, details = ""): CniError =>
    new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `key ${JSON.stringify(name)}: ${why}`, details);
  const dot = key.indexOf(".");
  const slash = key.indexOf("/");
  const path = slash >= 0 && (dot < 0 || slash < dot) ? key : key.replaceAll(".", "/");
  const parts = path.split("/");
  if (
    key.length > MAX_KEY ||
    parts.some((part) => part === "" || part === "." || part === "..") ||
    /[\0-\x1f]/.test(key)
  )
    throw refuse("is no name of a kernel parameter", "form: net.ipv4.conf.IFNAME.arp_notify");
  if (parts[0] !== "net" || parts.length < 2)
    throw refuse("is outside net", "only parameters below /proc/sys/net belong to a network namespace");
  if (value.length > MAX_VALUE || value.includes("\0"))
    throw refuse(`its value is too long or holds a NUL character`, `at most ${MAX_VALUE} characters`);
  return { key, path, value };
}

/** The path for an interface. Of `IFNAME` the first counts, as in the reference; the name may hold dots. */
export const sysctlPath = ({ path }: Sysctl, ifName: string): string => path.replace("IFNAME", () => ifName);

/** A parameter and what it was; `undefined` for one that can only be written, such as `net.ipv4.route.flush`. */
export interface Present extends Sysctl {
  readonly at: string;
  readonly was: string | undefined;
}

/** CniError 7 for one parameter under two names with different values. */
export function requireSameValue(twin: Sysctl | undefined, sysctl: Sysctl): void {
  if (!twin || sameValue(twin.value, sysctl.value)) return;
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    `keys ${JSON.stringify(twin.key)} and ${JSON.stringify(sysctl.key)} of sysctl are one parameter and have different values`,
    "name it once",
  );
}

/** Reads all of them before any is written. CniError 7 for what the kernel does not have, and for one parameter twice. */
export async function readSysctls(sandbox: Kernel, wanted: readonly Sysctl[], ifName: string): Promise<Present[]> {
  const found: Present[] = [];
  for (const sysctl of wanted) {
    const at = sysctlPath(sysctl, ifName);
    const twin = found.find((each) => each.at === at);
    requireSameValue(twin, sysctl);
    if (!twin) found.push({ ...sysctl, at, was: await readSysctl(sandbox, sysctl, at) });
  }
  return found;
}

async function readSysctl(sandbox: Kernel, { key }: Sysctl, at: string): Promise<string | undefined> {
  try {
    return await sandbox.sysctl.get(at);
  } catch (error) {
    const code = errnoCode(error);
    // Only a write tells whether it may be written.
    if (code === "EACCES" || code === "EPERM") return undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR" || code === "ENAMETOOLONG")
      throw new CniError(
        CNI_CODE.INVALID_NETWORK_CONFIG,
        `sysctl "${key}": the container has no parameter /proc/sys/${at}`,
        "IFNAME stands for the interface's name; with slashes between the parts, dots belong to names",
        { cause: error },
      );
    throw error;
  }
}

/** CniError 7 for a value that the kernel does not take. */
export async function writeSysctl(sandbox: Kernel, { key, at }: Present, value: string): Promise<void> {
  try {
    await sandbox.sysctl.set(at, value);
  } catch (error) {
    const code = errnoCode(error);
    if (code !== "EINVAL" && code !== "ERANGE" && code !== "ENOENT") throw error;
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `sysctl "${key}": the kernel does not take ${JSON.stringify(value)}`,
      error instanceof Error ? error.message : "",
      { cause: error },
    );
  }
}

/**
 * Whether two texts are one value: words apart by any white space, numbers in any base, lists of numbers and ranges
 * (`8080,9000-9002`, as the kernel prints `ip_local_reserved_ports`) in any order.
 */
export function sameValue(a: string, b: string): boolean {
  const [left, right] = [wordsOf(a), wordsOf(b)];
  return left.length === right.length && left.every((word, i) => word === right[i]);
}

const wordsOf = (text: string): string[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => canonicalNumber(word) ?? canonicalList(word) ?? word);

/** As the kernel's strtoul reads it with base 0: decimal, 0x…, and a leading 0 for octal. */
function canonicalNumber(word: string): string | undefined {
  if (/^[-+]?(0|[1-9]\d*)$/.test(word)) return BigInt(word.replace("+", "")).toString();
  if (/^0x[0-9a-f]+$/i.test(word)) return BigInt(word).toString();
  return /^0[0-7]+$/.test(word) ? BigInt(`0o${word.slice(1)}`).toString() : undefined;
}

function canonicalList(word: string): string | undefined {
  if (!/^\d{1,9}(-\d{1,9})?(,\d{1,9}(-\d{1,9})?)*$/.test(word)) return undefined;
  const ranges = word
    .split(",")
    .map((part): [number, number] => {
      const [from = 0, to = from] = part.split("-").map(Number);
      return [from, to];
    })
    .sort(([a], [b]) => a - b);
  const joined: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = joined.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined.map(([from, to]) => `${from}-${to}`).join();
}
