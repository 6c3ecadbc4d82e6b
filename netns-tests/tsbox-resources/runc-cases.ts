import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { lacksController } from "./boxes.ts";
import { differences, LOOK_AROUND, parseViews } from "./look-around.ts";
import { ALWAYS, CONFINED } from "./runc-differences.ts";
import { makeTwins, type Wanted } from "./twins.ts";

export const lacks = [lacksRoot, lacksCommand("runc", "busybox"), lacksController("devices")];
export const LOOK = ["sh", "-c", LOOK_AROUND];
export const SLEEP = ["sleep", "60"];

type Case = readonly [name: string, wanted: Omit<Wanted, "args">];

/** What a container sees of itself is the same under runc and under our helper, but for the list. */
export function testSameViews(cases: readonly Case[]): void {
  for (const [name, wanted] of cases)
    testUnless(lacks, `${name}: rights, mounts, masked paths, devices as under runc`, async () => {
      await using twins = await makeTwins();
      const theirs = parseViews(await twins.runc({ args: LOOK, ...wanted }));
      const ours = parseViews(await twins.ours({ args: LOOK, ...wanted }));
      const explained = wanted.privileged ? ALWAYS : [...ALWAYS, ...CONFINED];
      const found = differences(theirs, ours);
      expect(found.filter((line) => !explained.some(({ lines }) => lines.test(line)))).toEqual([]);
      expect(ours.get("mounts")?.length).toBeGreaterThan(6);
    });
}

/** Its limits are in the same files with the same values. */
export function testSameLimits(): void {
  testUnless(
    [...lacks, lacksController("memory", "cpu", "cpuset", "pids")],
    "limits are in the cgroup files as runc writes them",
    async () => {
      await using twins = await makeTwins();
      const wanted: Wanted = {
        args: SLEEP,
        limits: {
          memoryBytes: 64 << 20,
          memorySwapBytes: 96 << 20,
          memoryReservationBytes: 32 << 20,
          cpuQuotaUs: 50_000,
          cpuPeriodUs: 200_000,
          cpuShares: 512,
          cpusetCpus: "1",
          pidsLimit: 77,
        },
      };
      const groups = twins.boxes.cgroups.open("twin");
      const values = (): Record<string, string> =>
        Object.fromEntries(
          FILES.flatMap(([controller, file]) => {
            const path = `${groups.dirOf(controller)}/${file}`;
            return existsSync(path) ? [[file, readFileSync(path, "utf8").trim()]] : [];
          }),
        );
      const theirs = await twins.withRunc(wanted, values);
      const ours = await twins.withOurs(wanted, values);
      expect(Object.keys(theirs).length).toBeGreaterThan(5);
      expect(ours).toEqual(theirs);
    },
  );
}

const FILES = [
  ["memory", "memory.limit_in_bytes"],
  ["memory", "memory.memsw.limit_in_bytes"],
  ["memory", "memory.soft_limit_in_bytes"],
  ["memory", "memory.max"],
  ["memory", "memory.swap.max"],
  ["memory", "memory.low"],
  ["cpu", "cpu.shares"],
  ["cpu", "cpu.cfs_quota_us"],
  ["cpu", "cpu.cfs_period_us"],
  ["cpu", "cpu.max"],
  ["cpuset", "cpuset.cpus"],
  ["cpuset", "cpuset.mems"],
  ["pids", "pids.max"],
] as const;
