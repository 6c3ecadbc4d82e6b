import type { CgroupFiles } from "./files.ts";

/** What a container uses at this moment. Absent: its controller is not there. */
export interface Stats {
  readonly cpuNs?: number;
  /** Time it was ready to run but over its quota. */
  readonly throttledNs?: number;
  /** Without the page cache the kernel can drop at once, as `docker stats` counts. */
  readonly memoryBytes?: number;
  /** `undefined` is without limit. */
  readonly memoryLimitBytes?: number | undefined;
  readonly pids?: number;
  readonly pidsLimit?: number | undefined;
  /** From and to disks, as far as the kernel counts it: on cgroup v1 since Linux 6.10 it mostly does not. */
  readonly readBytes?: number;
  readonly writtenBytes?: number;
}

/** Finds the folder of a controller; `undefined` when it is not there. */
type DirOf = (controller: string) => string | undefined;

/** From here on a v1 limit means none: PAGE_COUNTER_MAX in bytes, rounded down to whole pages of any size. */
const V1_UNLIMITED = 0x7ffffffffff00000;

export function v1Stats(files: CgroupFiles, dirOf: DirOf): Stats {
  const [cpuacct, cpu, memory, pids, blkio] = ["cpuacct", "cpu", "memory", "pids", "blkio"].map(dirOf);
  const limit = memory === undefined ? undefined : number(files, `${memory}/memory.limit_in_bytes`);
  return {
    ...(cpuacct !== undefined && { cpuNs: number(files, `${cpuacct}/cpuacct.usage`) ?? 0 }),
    ...(cpu !== undefined && { throttledNs: table(files, `${cpu}/cpu.stat`).get("throttled_time") ?? 0 }),
    ...(memory !== undefined && {
      memoryBytes: used(files, `${memory}/memory.usage_in_bytes`, `${memory}/memory.stat`, "total_inactive_file"),
      memoryLimitBytes: limit !== undefined && limit < V1_UNLIMITED ? limit : undefined,
    }),
    ...(pids !== undefined && pidStats(files, pids)),
    ...(blkio !== undefined && v1Io(files, blkio)),
  };
}

export function v2Stats(files: CgroupFiles, dir: string): Stats {
  const cpu = table(files, `${dir}/cpu.stat`);
  const hasMemory = files.exists(`${dir}/memory.current`);
  return {
    cpuNs: (cpu.get("usage_usec") ?? 0) * 1000,
    ...(cpu.has("throttled_usec") && { throttledNs: (cpu.get("throttled_usec") ?? 0) * 1000 }),
    ...(hasMemory && {
      memoryBytes: used(files, `${dir}/memory.current`, `${dir}/memory.stat`, "inactive_file"),
      memoryLimitBytes: number(files, `${dir}/memory.max`),
    }),
    ...(files.exists(`${dir}/pids.current`) && pidStats(files, dir)),
    ...(files.exists(`${dir}/io.stat`) && v2Io(text(files, `${dir}/io.stat`))),
  };
}

function pidStats(files: CgroupFiles, dir: string): Stats {
  return { pids: number(files, `${dir}/pids.current`) ?? 0, pidsLimit: number(files, `${dir}/pids.max`) };
}

function used(files: CgroupFiles, usage: string, stat: string, cache: string): number {
  return Math.max(0, (number(files, usage) ?? 0) - (table(files, stat).get(cache) ?? 0));
}

/**
 * Lines `8:0 Read 4096`; the last is `Total 4096`. BFQ counts for disks it schedules, throttling for all, but since Linux 6.10
 * only for disks of which somebody limits the throughput: where neither has a line for a disk, nothing is known.
 */
function v1Io(files: CgroupFiles, dir: string): Stats {
  const stat = ["bfq", "throttle"]
    .map((counter) => text(files, `${dir}/blkio.${counter}.io_service_bytes_recursive`))
    .find((lines) => /^\d+:\d+ /m.test(lines));
  if (stat === undefined) return {};
  const sum = (kind: string): number =>
    [...stat.matchAll(new RegExp(`^\\d+:\\d+ ${kind} (\\d+)$`, "gm"))].reduce((total, [, n]) => total + Number(n), 0);
  return { readBytes: sum("Read"), writtenBytes: sum("Write") };
}

/** Lines `8:0 rbytes=4096 wbytes=0 rios=1 …`. */
function v2Io(stat: string): Stats {
  const sum = (key: string): number =>
    [...stat.matchAll(new RegExp(`\\b${key}=(\\d+)`, "g"))].reduce((total, [, n]) => total + Number(n), 0);
  return { readBytes: sum("rbytes"), writtenBytes: sum("wbytes") };
}

/** `undefined` for `max` and for a file that is not there. */
function number(files: CgroupFiles, path: string): number | undefined {
  const value = text(files, path).trim();
  return /^\d+$/.test(value) ? Number(value) : undefined;
}

/** A file of lines `key value`. */
export function table(files: CgroupFiles, path: string): Map<string, number> {
  return new Map([...text(files, path).matchAll(/^(\S+) (\d+)$/gm)].map(([, key = "", value]) => [key, Number(value)]));
}

/** A controller may have fewer files than we know of. */
function text(files: CgroupFiles, path: string): string {
  return files.exists(path) ? files.read(path) : "";
}
