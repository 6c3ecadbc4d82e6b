import type { Action, Flag, Policy, PolicyRule } from "./policy.ts";

/** A profile: a policy whose rules depend on the container and the machine, as Docker's JSON has it. */
export interface Profile {
  readonly defaultAction: Action;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly flags?: readonly Flag[];
  readonly syscalls: readonly ProfileRule[];
}

export interface ProfileRule extends PolicyRule {
  /** The rule holds when all of these do. */
  readonly includes?: Filter;
  /** The rule does not hold when one of these does. */
  readonly excludes?: Filter;
}

export interface Filter {
  /** `CAP_SYS_ADMIN`; in the bounding set. */
  readonly caps?: readonly string[];
  /** `amd64`, `x86`, `arm64`, …: this machine's. */
  readonly arches?: readonly string[];
  readonly minKernel?: KernelVersion;
}

/** `[6, 12]` of 6.12.4-amd64. */
export type KernelVersion = readonly [version: number, patchlevel: number];

/** What rules depend on. */
export interface Surroundings {
  /** Names of the bounding set: `CAP_CHOWN`. */
  readonly capabilities: readonly string[];
  readonly kernel: KernelVersion;
}

const MACHINE = "amd64";

/** The policy of a profile for one container on this machine. */
export function resolve(profile: Profile, { capabilities, kernel }: Surroundings): Policy {
  const has = new Set(capabilities);
  const isNewEnough = ([version, patchlevel]: KernelVersion): boolean =>
    kernel[0] > version || (kernel[0] === version && kernel[1] >= patchlevel);
  const holds = ({ includes = {}, excludes = {} }: ProfileRule): boolean =>
    !excludes.arches?.includes(MACHINE) &&
    !excludes.caps?.some((cap) => has.has(cap)) &&
    !(excludes.minKernel && isNewEnough(excludes.minKernel)) &&
    (includes.arches === undefined || includes.arches.length === 0 || includes.arches.includes(MACHINE)) &&
    (includes.caps ?? []).every((cap) => has.has(cap)) &&
    (includes.minKernel === undefined || isNewEnough(includes.minKernel));
  const { syscalls, ...rest } = profile;
  return { ...rest, syscalls: syscalls.filter(holds).map(({ includes: _, excludes: __, ...rule }) => rule) };
}

/** From /proc/sys/kernel/osrelease. */
export function kernelVersion(release: string): KernelVersion {
  const match = /^(\d{1,4})\.(\d{1,6})/.exec(release);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
}
