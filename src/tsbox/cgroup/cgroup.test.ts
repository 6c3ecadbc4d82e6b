import { describe, expect, test } from "bun:test";
import { Cgroups } from "./cgroup.ts";
import type { FakeKernel } from "./testing/fake-kernel.ts";
import { hybridMachine, v2Machine } from "./testing/machines.ts";
import { weightOf } from "./writes.ts";

const MIB = 1 << 20;
const V1 = "/sys/fs/cgroup";
const on = (files: FakeKernel, kill: (pid: number) => void = () => {}): Cgroups =>
  new Cgroups({ files, kill, removeMs: 100 });

/** What was written to a container's own files since `from`, without the path. */
const written = (kernel: FakeKernel, from: number): string[] =>
  kernel.log.slice(from).map((line) => line.slice(line.lastIndexOf("/", line.indexOf("=")) + 1));

describe("cgroup v1", () => {
  test("a container gets a cgroup in each hierarchy, its cpuset filled from the top down", () => {
    const kernel = hybridMachine();
    const box = on(kernel).create("abc");
    expect(box.dirs).toContain(`${V1}/memory/tsbox/abc`);
    expect(box.dirs.every((dir) => kernel.exists(dir))).toBe(true);
    expect(kernel.log).toEqual([
      `${V1}/cpuset/tsbox/cpuset.cpus=0-1`,
      `${V1}/cpuset/tsbox/cpuset.mems=0`,
      `${V1}/cpuset/tsbox/abc/cpuset.cpus=0-1`,
      `${V1}/cpuset/tsbox/abc/cpuset.mems=0`,
    ]);
    expect(box.joinFiles).toContain(`${V1}/pids/tsbox/abc/tasks`);
  });

  test("every limit goes to its file", () => {
    const kernel = hybridMachine();
    const box = on(kernel).create("abc");
    const from = kernel.log.length;
    const warnings = box.setLimits({
      memoryBytes: 64 * MIB,
      memorySwapBytes: 128 * MIB,
      memoryReservationBytes: 32 * MIB,
      cpuQuotaUs: 50_000,
      cpuPeriodUs: 100_000,
      cpuShares: 512,
      cpusetCpus: "1",
      pidsLimit: 50,
    });
    expect(warnings).toEqual([]);
    expect(written(kernel, from)).toEqual([
      `memory.limit_in_bytes=${64 * MIB}`,
      `memory.memsw.limit_in_bytes=${128 * MIB}`,
      `memory.soft_limit_in_bytes=${32 * MIB}`,
      "cpu.shares=512",
      "cpu.cfs_period_us=100000",
      "cpu.cfs_quota_us=50000",
      "cpuset.cpus=1",
      "pids.max=50",
    ]);
  });

  test("memory and swap grow and shrink in the order the kernel takes", () => {
    const kernel = hybridMachine();
    const box = on(kernel).create("abc");
    for (const [memory, swap] of [
      [64, 128],
      [256, 256],
      [8, 16],
      [512, -1],
      [64, 64],
    ] as const)
      box.setLimits({ memoryBytes: memory * MIB, memorySwapBytes: swap === -1 ? -1 : swap * MIB });
    expect(kernel.read(`${V1}/memory/tsbox/abc/memory.memsw.limit_in_bytes`)).toBe(String(64 * MIB));
  });

  test("a cgroup of that name that is there is somebody's: EEXIST, and nothing is taken away", () => {
    const kernel = hybridMachine();
    kernel.mount(`${V1}/memory/tsbox`);
    kernel.mount(`${V1}/memory/tsbox/abc`);
    expect(() => on(kernel).create("abc")).toThrow(expect.objectContaining({ code: "EEXIST" }));
    expect(kernel.paths.filter((path) => path.endsWith("/abc"))).toEqual([`${V1}/memory/tsbox/abc`]);
  });

  test.each(["", "..", "a/b", "cgroup.procs", "-x", "a b", "x".repeat(129)])("id %j is refused", (id) => {
    expect(() => on(hybridMachine()).create(id)).toThrow(expect.objectContaining({ code: "EINVAL" }));
  });

  test("statistics, OOM kills", () => {
    const box = on(hybridMachine()).create("abc");
    expect(box.stats()).toEqual({
      cpuNs: 12345678,
      throttledNs: 7,
      memoryBytes: 3000,
      memoryLimitBytes: undefined,
      pids: 2,
      pidsLimit: undefined,
      readBytes: 4098,
      writtenBytes: 1,
    });
    box.setLimits({ memoryBytes: 64 * MIB, pidsLimit: 5 });
    expect(box.stats()).toMatchObject({ memoryLimitBytes: 64 * MIB, pidsLimit: 5 });
    expect(box.oomKills()).toBe(3);
    expect(box.oomFile).toBe(`${V1}/memory/tsbox/abc/memory.oom_control`);
  });

  test("disks of which the kernel counts nothing: not 0, but unknown", () => {
    const kernel = hybridMachine();
    const box = on(kernel).create("abc");
    kernel.set(`${V1}/blkio/tsbox/abc/blkio.throttle.io_service_bytes_recursive`, "Total 0\n");
    expect(box.stats()).not.toHaveProperty("readBytes");
  });

  test("kill: everybody in every hierarchy and below, frozen meanwhile, thawed after; never process 0", async () => {
    const kernel = hybridMachine();
    const killed: number[] = [];
    const state = `${V1}/freezer/tsbox/abc/freezer.state`;
    const cgroups = on(kernel, (pid) => {
      expect(kernel.read(state)).toBe("FROZEN");
      killed.push(pid);
      if (killed.length === 3)
        for (const path of kernel.paths) if (path.includes("/abc")) kernel.set(`${path}/cgroup.procs`, "0\n");
    });
    const box = cgroups.create("abc");
    for (const dir of box.dirs) kernel.set(`${dir}/cgroup.procs`, "10\n11\n");
    kernel.makeDir(`${V1}/memory/tsbox/abc/inner`);
    kernel.set(`${V1}/memory/tsbox/abc/inner/cgroup.procs`, "12\n0\n");
    await box.killAll();
    expect(killed.sort()).toEqual([10, 11, 12]);
    expect(kernel.read(state)).toBe("THAWED");
  });

  test("removing takes children first, waits for the kernel, and leaves other containers", async () => {
    const kernel = hybridMachine();
    const cgroups = on(kernel);
    const box = cgroups.create("abc");
    cgroups.create("other");
    kernel.makeDir(`${V1}/memory/tsbox/abc/inner`);
    kernel.set(`${V1}/pids/tsbox/abc/cgroup.procs`, "10\n");
    setTimeout(() => kernel.set(`${V1}/pids/tsbox/abc/cgroup.procs`, ""), 20);
    expect(cgroups.list()).toEqual(["abc", "other"]);
    await box.remove();
    expect(box.exists).toBe(false);
    await box.remove();
    expect(cgroups.list()).toEqual(["other"]);
    cgroups.removeParent();
    expect(kernel.exists(`${V1}/memory/tsbox/other`)).toBe(true);
    await cgroups.open("other").remove();
    cgroups.removeParent();
    expect(kernel.paths.filter((path) => path.includes("tsbox"))).toEqual([]);
  });

  test("a cgroup that stays busy: the error names the processes, the other hierarchies are cleaned", async () => {
    const kernel = hybridMachine();
    const box = on(kernel).create("abc");
    kernel.set(`${V1}/memory/tsbox/abc/cgroup.procs`, "4711\n");
    expect(await box.remove().catch((error) => error.message)).toMatch(/memory\/tsbox\/abc" with processes 4711 in it/);
    expect(kernel.paths.filter((path) => path.endsWith("/abc"))).toEqual([`${V1}/memory/tsbox/abc`]);
  });

  test("a container that never freezes is left running", async () => {
    const kernel = hybridMachine();
    const box = on(kernel).create("abc");
    const state = `${V1}/freezer/tsbox/abc/freezer.state`;
    let tries = 0;
    kernel.onWrite = (path, value) => {
      if (path === state && value === "FROZEN" && ++tries < 3) kernel.set(state, "FREEZING\n");
    };
    await box.freeze();
    expect(tries).toBe(3);
    expect(box.frozen).toBe(true);
    await box.thaw();
    expect(box.frozen).toBe(false);
  });

  test("without swap accounting --memory-swap is a warning", () => {
    const kernel = hybridMachine();
    const box = on(kernel).create("abc");
    const exists = kernel.exists.bind(kernel);
    kernel.exists = (path) => !path.includes("memsw") && exists(path);
    expect(box.setLimits({ memoryBytes: 64 * MIB, memorySwapBytes: 128 * MIB })).toEqual([
      expect.stringMatching(/swap/),
    ]);
  });
});

describe("cgroup v2", () => {
  const DIR = "/sys/fs/cgroup/tsbox/abc";

  test("controllers are handed down to the container, and no further", () => {
    const kernel = v2Machine();
    const box = on(kernel).create("abc");
    expect(box.dirs).toEqual([DIR]);
    expect(box.joinFiles).toEqual([`${DIR}/cgroup.procs`]);
    for (const dir of ["/sys/fs/cgroup", "/sys/fs/cgroup/tsbox"])
      expect(kernel.read(`${dir}/cgroup.subtree_control`)).toBe("cpu cpuset memory pids io");
    expect(kernel.read(`${DIR}/cgroup.subtree_control`)).toBe("");
    const before = kernel.log.length;
    on(kernel).create("another");
    expect(kernel.log.length).toBe(before);
  });

  test("every limit goes to its file", () => {
    const kernel = v2Machine();
    const box = on(kernel).create("abc");
    const from = kernel.log.length;
    box.setLimits({
      memoryBytes: 64 * MIB,
      memorySwapBytes: 128 * MIB,
      memoryReservationBytes: 32 * MIB,
      cpuQuotaUs: 50_000,
      cpuPeriodUs: 100_000,
      cpuShares: 1024,
      cpusetCpus: "1",
      pidsLimit: 50,
    });
    expect(written(kernel, from)).toEqual([
      `memory.max=${64 * MIB}`,
      `memory.swap.max=${64 * MIB}`,
      `memory.low=${32 * MIB}`,
      "cpu.weight=100",
      "cpu.max=50000 100000",
      "cpuset.cpus=1",
      "pids.max=50",
    ]);
  });

  test.each([
    [{ memoryBytes: MIB, memorySwapBytes: -1 }, "memory.swap.max=max"],
    [{ memoryBytes: MIB, memorySwapBytes: MIB }, "memory.swap.max=0"],
    [{ cpuQuotaUs: 5000 }, "cpu.max=5000"],
    [{ cpuPeriodUs: 5000 }, "cpu.max=max 5000"],
  ])("%j writes %s", (limits, line) => {
    const kernel = v2Machine();
    on(kernel).create("abc").setLimits(limits);
    expect(written(kernel, 0)).toContain(line);
  });

  test("shares become weights: both ends, the usual value, never decreasing", () => {
    expect([2, 1024, 262_144].map(weightOf)).toEqual([1, 100, 10_000]);
    let last = 0;
    for (let shares = 2; shares <= 262_144; shares += 97) {
      expect(weightOf(shares)).toBeGreaterThanOrEqual(last);
      last = weightOf(shares);
    }
  });

  test("a limit whose controller is not there is an error that names it, before anything is written", () => {
    const kernel = v2Machine("cpu pids");
    const box = on(kernel).create("abc");
    const before = kernel.log.length;
    expect(() => box.setLimits({ pidsLimit: 5, memoryBytes: 64 * MIB })).toThrow(/controller "memory" is not there/);
    expect(kernel.log.length).toBe(before);
  });

  test("kill is one write, freeze waits for cgroup.events", async () => {
    const kernel = v2Machine();
    const box = on(kernel, () => expect.unreachable()).create("abc");
    kernel.set(`${DIR}/cgroup.procs`, "10\n");
    kernel.onWrite = (path, value) => {
      if (path === `${DIR}/cgroup.kill`) kernel.set(`${DIR}/cgroup.procs`, "");
      if (path === `${DIR}/cgroup.freeze`)
        setTimeout(() => kernel.set(`${DIR}/cgroup.events`, `populated 1\nfrozen ${value}\n`), 5);
    };
    await box.killAll();
    expect(box.processes()).toEqual([]);
    await box.freeze();
    expect(kernel.read(`${DIR}/cgroup.events`)).toMatch(/frozen 1/);
    await box.thaw();
    expect(kernel.read(`${DIR}/cgroup.events`)).toMatch(/frozen 0/);
  });

  test("statistics, OOM kills", () => {
    const box = on(v2Machine()).create("abc");
    expect(box.stats()).toEqual({
      cpuNs: 2_500_000,
      throttledNs: 3000,
      memoryBytes: 8000,
      memoryLimitBytes: undefined,
      pids: 1,
      pidsLimit: undefined,
      readBytes: 15,
      writtenBytes: 20,
    });
    expect(box.oomKills()).toBe(4);
  });
});
