import { parseCpuList } from "./cpu-list.ts";
import { LimitError } from "./error.ts";
import { parseBytes, parseWhole } from "./size.ts";

/** The options of `run` and `update` as the user wrote them. */
export interface LimitOptions {
  readonly memory?: string | undefined;
  readonly memorySwap?: string | undefined;
  readonly memoryReservation?: string | undefined;
  readonly cpus?: string | undefined;
  readonly cpuShares?: string | undefined;
  readonly cpuQuota?: string | undefined;
  readonly cpuPeriod?: string | undefined;
  readonly cpusetCpus?: string | undefined;
  readonly pidsLimit?: string | undefined;
}

/** What a container may use. Absent is without limit. JSON keeps it as it is. */
export interface Limits {
  readonly memoryBytes?: number;
  /** Memory and swap together, as Docker counts; -1 is swap without limit. */
  readonly memorySwapBytes?: number;
  readonly memoryReservationBytes?: number;
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  /** Relative weight: 1024 is the usual one. */
  readonly cpuShares?: number;
  /** As cpuset(7) writes lists: `0-3,7`. */
  readonly cpusetCpus?: string;
  readonly pidsLimit?: number;
}

/** Docker's least: below it a container hardly starts. */
const MIN_MEMORY = 6 << 20;
const MIN_PERIOD_US = 1000;
const MAX_PERIOD_US = 1_000_000;
const MIN_QUOTA_US = 1000;
const DEFAULT_PERIOD_US = 100_000;
/** kernel/sched/core.c, MIN_SHARES and MAX_SHARES. */
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
/** PID_MAX_LIMIT of a 64-bit kernel. */
const MAX_PIDS = 4_194_304;

/**
 * Limits of the options, in Docker's bounds; throws a LimitError naming the option.
 * @param onlineCpus the machine's CPUs, as /sys/devices/system/cpu/online writes them
 */
export function limitsOf(options: LimitOptions, onlineCpus: string): Limits {
  return { ...memoryLimits(options), ...cpuLimits(options, onlineCpus), ...pidsLimit(options.pidsLimit) };
}

function memoryLimits({ memory, memorySwap, memoryReservation }: LimitOptions): Limits {
  const limit = memory === undefined ? 0 : parseBytes("--memory", memory);
  const swap = memorySwap === undefined ? 0 : memorySwap === "-1" ? -1 : parseBytes("--memory-swap", memorySwap);
  const reservation = memoryReservation === undefined ? 0 : parseBytes("--memory-reservation", memoryReservation);
  atLeast("--memory", memory, limit);
  atLeast("--memory-reservation", memoryReservation, reservation);
  if (swap > 0 && limit === 0)
    throw new LimitError(
      `Invalid --memory-swap "${memorySwap}": it counts memory and swap together, so it needs --memory`,
    );
  if (swap > 0 && swap < limit)
    throw new LimitError(
      `Invalid --memory-swap "${memorySwap}": it counts memory and swap together, so it is at least --memory "${memory}"`,
    );
  if (limit > 0 && reservation > limit)
    throw new LimitError(`Invalid --memory-reservation "${memoryReservation}": more than --memory "${memory}"`);
  return {
    ...(limit > 0 && { memoryBytes: limit, memorySwapBytes: swap === 0 ? 2 * limit : swap }),
    ...(limit === 0 && swap === -1 && { memorySwapBytes: -1 }),
    ...(reservation > 0 && { memoryReservationBytes: reservation }),
  };
}

/** 0 is "no limit", as Docker takes it. */
function atLeast(option: string, text: string | undefined, bytes: number): void {
  if (bytes !== 0 && bytes < MIN_MEMORY)
    throw new LimitError(`Invalid ${option} "${text}": the least is 6m (${MIN_MEMORY})`);
}

function cpuLimits(options: LimitOptions, onlineCpus: string): Limits {
  const { cpus, cpuQuota, cpuPeriod, cpuShares, cpusetCpus } = options;
  if (cpus !== undefined && (cpuQuota !== undefined || cpuPeriod !== undefined))
    throw new LimitError(
      `--cpus and ${cpuQuota !== undefined ? "--cpu-quota" : "--cpu-period"} say the same: give one of them`,
    );
  return {
    ...(cpus === undefined
      ? quotaOf(cpuQuota, cpuPeriod)
      : cpusOf(cpus, parseCpuList("CPUs of this machine", onlineCpus).length)),
    ...sharesOf(cpuShares),
    ...(cpusetCpus !== undefined && cpusetCpus !== "" && { cpusetCpus: cpusetOf(cpusetCpus, onlineCpus) }),
  };
}

/** `--cpus 1.5` is a quota of 1.5 periods in each period. */
function cpusOf(text: string, available: number): Limits {
  const cpus = /^(\d{1,5}(\.\d{1,9})?|\.\d{1,9})$/.test(text) ? Number(text) : Number.NaN;
  if (cpus === 0) return {};
  if (!(cpus >= 0.01 && cpus <= available))
    throw new LimitError(`Invalid --cpus "${text}": 0.01 to ${available}, the CPUs of this machine`);
  return { cpuQuotaUs: Math.round(cpus * DEFAULT_PERIOD_US), cpuPeriodUs: DEFAULT_PERIOD_US };
}

function quotaOf(quotaText: string | undefined, periodText: string | undefined): Limits {
  const quota = quotaText === undefined ? 0 : parseWhole("--cpu-quota", quotaText, -1, Number.MAX_SAFE_INTEGER);
  const period = periodText === undefined ? 0 : parseWhole("--cpu-period", periodText, 0, MAX_PERIOD_US);
  if (quota > 0 && quota < MIN_QUOTA_US)
    throw new LimitError(`Invalid --cpu-quota "${quotaText}": the least is ${MIN_QUOTA_US} (1 ms)`);
  if (period > 0 && period < MIN_PERIOD_US)
    throw new LimitError(`Invalid --cpu-period "${periodText}": ${MIN_PERIOD_US} to ${MAX_PERIOD_US} (1 ms to 1 s)`);
  return { ...(quota > 0 && { cpuQuotaUs: quota }), ...(period > 0 && { cpuPeriodUs: period }) };
}

function sharesOf(text: string | undefined): Limits {
  const shares = text === undefined ? 0 : parseWhole("--cpu-shares", text, 0, Number.MAX_SAFE_INTEGER);
  // The kernel takes what is out of bounds for the bound; so does Docker.
  return shares === 0 ? {} : { cpuShares: Math.min(Math.max(shares, MIN_SHARES), MAX_SHARES) };
}

function cpusetOf(text: string, onlineCpus: string): string {
  const online = new Set(parseCpuList("CPUs of this machine", onlineCpus));
  const absent = parseCpuList("--cpuset-cpus", text).filter((cpu) => !online.has(cpu));
  if (absent.length > 0)
    throw new LimitError(
      `Invalid --cpuset-cpus "${text}": this machine has CPUs ${onlineCpus.trim()}, not ${absent.join(",")}`,
    );
  return text;
}

function pidsLimit(text: string | undefined): Limits {
  const limit = text === undefined ? 0 : parseWhole("--pids-limit", text, -1, MAX_PIDS);
  return limit > 0 ? { pidsLimit: limit } : {};
}
