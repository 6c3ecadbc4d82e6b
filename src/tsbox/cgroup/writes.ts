import { CgroupError } from "./error.ts";
import { hierarchyOf, type Layout } from "./layout.ts";
import type { Limits } from "./limits.ts";

/** One value for one file of a container's cgroup. */
export interface Write {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** Left out, with a warning, where the kernel has no such file: swap accounting may be off. */
  readonly optional?: string;
}

const UNLIMITED = -1;

/**
 * Which files get which values, in the order they must be written. Throws a CgroupError (ENODEV) when a controller that a
 * limit needs is not mounted here.
 * @param currentSwapBytes memory.memsw.limit_in_bytes as it stands (cgroup v1 only)
 */
export function limitWrites(layout: Layout, limits: Limits, currentSwapBytes = Number.MAX_SAFE_INTEGER): Write[] {
  const writes = layout.mode === "v2" ? v2Writes(limits) : v1Writes(limits, currentSwapBytes);
  for (const { controller } of writes) {
    if (hierarchyOf(layout, controller)) continue;
    throw new CgroupError(
      `Cannot limit ${controller}: the cgroup controller "${controller}" is not there (cgroup ${layout.mode}); ` +
        `look at /proc/cgroups and the kernel's command line`,
      "ENODEV",
    );
  }
  return writes;
}

/** cgroup v1: Documentation/admin-guide/cgroup-v1/{memory,cpusets,pids}.rst, Documentation/scheduler/sched-bwc.rst. */
function v1Writes(limits: Limits, currentSwapBytes: number): Write[] {
  const { memoryBytes, memorySwapBytes, memoryReservationBytes, cpuQuotaUs, cpuPeriodUs, cpuShares } = limits;
  const memory = entry("memory", "memory.limit_in_bytes", memoryBytes);
  const swap = entry("memory", "memory.memsw.limit_in_bytes", memorySwapBytes).map((write) => ({
    ...write,
    optional: "This kernel does not account swap (swapaccount=1): --memory-swap has no effect",
  }));
  // The kernel holds memsw >= memory at every moment: memsw goes first when it grows, last when it shrinks.
  const growing = memorySwapBytes === UNLIMITED || (memorySwapBytes ?? 0) > currentSwapBytes;
  return [
    ...(growing ? [...swap, ...memory] : [...memory, ...swap]),
    ...entry("memory", "memory.soft_limit_in_bytes", memoryReservationBytes),
    ...entry("cpu", "cpu.shares", cpuShares),
    ...entry("cpu", "cpu.cfs_period_us", cpuPeriodUs),
    ...entry("cpu", "cpu.cfs_quota_us", cpuQuotaUs),
    ...entry("cpuset", "cpuset.cpus", limits.cpusetCpus),
    ...entry("pids", "pids.max", limits.pidsLimit),
  ];
}

/** cgroup v2: Documentation/admin-guide/cgroup-v2.rst. */
function v2Writes(limits: Limits): Write[] {
  const { memoryBytes, memorySwapBytes, cpuQuotaUs, cpuPeriodUs, cpuShares } = limits;
  const cpuMax =
    cpuQuotaUs === undefined && cpuPeriodUs === undefined
      ? undefined
      : `${cpuQuotaUs ?? "max"}${cpuPeriodUs === undefined ? "" : ` ${cpuPeriodUs}`}`;
  return [
    ...entry("memory", "memory.max", memoryBytes),
    ...entry("memory", "memory.swap.max", swapOf(memoryBytes, memorySwapBytes)).map((write) => ({
      ...write,
      optional: "This kernel does not account swap (swapaccount=1): --memory-swap has no effect",
    })),
    ...entry("memory", "memory.low", limits.memoryReservationBytes),
    ...entry("cpu", "cpu.weight", cpuShares === undefined ? undefined : weightOf(cpuShares)),
    ...entry("cpu", "cpu.max", cpuMax),
    ...entry("cpuset", "cpuset.cpus", limits.cpusetCpus),
    ...entry("pids", "pids.max", limits.pidsLimit),
  ];
}

function entry(controller: string, file: string, value: number | string | undefined): Write[] {
  return value === undefined ? [] : [{ controller, file, value: String(value) }];
}

/** v2 counts swap alone; the option counts memory and swap together. */
function swapOf(memory: number | undefined, both: number | undefined): number | string | undefined {
  if (both === undefined) return undefined;
  return both === UNLIMITED || memory === undefined ? "max" : both - memory;
}

/**
 * cpu.weight (1 to 10000, usual 100) for cpu.shares (2 to 262144, usual 1024): the curve that runc and crun took over in
 * 2025, so that 1024 is 100 and both ends meet: 10^((l^2 + 125 l)/612 - 7/34) with l = log2(shares), rounded up.
 */
export function weightOf(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const l = Math.log2(shares);
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34));
}
