import { CNI_CODE, CniError } from "./errors.ts";
import { CNI_VERSIONS, type CniVersion } from "./types.ts";

/** What a config without `cniVersion` (or with an empty one) means: CNI specification 0.1.0. */
export const ASSUMED_VERSION = "0.1.0";

/** The newest version this project implements; what VERSION answers as its own. */
export const CURRENT_VERSION = "1.1.0";

/** From these on a runtime may send the verb (specification 0.4.0 and 1.1.0, "Changes"). */
export const CHECK_SINCE = "0.4.0";
export const GC_SINCE = "1.1.0";
export const STATUS_SINCE = "1.1.0";

/** Whether this project has types for the version. */
export function isCniVersion(version: string): version is CniVersion {
  const known: readonly string[] = CNI_VERSIONS;
  return known.includes(version);
}

/**
 * `1.0.0` as numbers. One to three parts, the missing ones are 0; the empty string is 0.1.0.
 * Throws CniError 6 for anything else.
 */
export function parseVersion(version: string): readonly [number, number, number] {
  const found = /^([0-9]{1,9})(?:\.([0-9]{1,9}))?(?:\.([0-9]{1,9}))?$/.exec(version === "" ? ASSUMED_VERSION : version);
  if (found === null)
    throw new CniError(
      CNI_CODE.DECODING_FAILURE,
      `cannot parse CNI version ${JSON.stringify(version)}: need numbers like "1.0.0"`,
    );
  return [Number(found[1]), Number(found[2] ?? 0), Number(found[3] ?? 0)];
}

/** Negative, zero or positive, as for sort(). */
export function compareVersions(a: string, b: string): number {
  const [majorA, minorA, microA] = parseVersion(a);
  const [majorB, minorB, microB] = parseVersion(b);
  return majorA - majorB || minorA - minorB || microA - microB;
}

export function versionAtLeast(version: string, floor: string): boolean {
  return compareVersions(version, floor) >= 0;
}
