import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type LimitOptions, limitsOf } from "./limits.ts";

const MIB = 1 << 20;
const of = (options: LimitOptions) => limitsOf(options, "0-3\n");

describe("limits from options", () => {
  test.each([
    [{}, {}],
    [{ memory: "512m" }, { memoryBytes: 512 * MIB, memorySwapBytes: 1024 * MIB }],
    [{ memory: "6291456" }, { memoryBytes: 6 * MIB, memorySwapBytes: 12 * MIB }],
    [
      { memory: "1.5GiB", memorySwap: "-1" },
      { memoryBytes: 1536 * MIB, memorySwapBytes: -1 },
    ],
    [
      { memory: "64Mb", memorySwap: "64MB" },
      { memoryBytes: 64 * MIB, memorySwapBytes: 64 * MIB },
    ],
    [{ memory: "0", memorySwap: "0" }, {}],
    [
      { memory: "64m", memoryReservation: "32m" },
      { memoryBytes: 64 * MIB, memorySwapBytes: 128 * MIB, memoryReservationBytes: 32 * MIB },
    ],
    [{ memoryReservation: "32m" }, { memoryReservationBytes: 32 * MIB }],
    [{ cpus: "1.5" }, { cpuQuotaUs: 150_000, cpuPeriodUs: 100_000 }],
    [{ cpus: ".01" }, { cpuQuotaUs: 1000, cpuPeriodUs: 100_000 }],
    [{ cpus: "4" }, { cpuQuotaUs: 400_000, cpuPeriodUs: 100_000 }],
    [{ cpus: "0" }, {}],
    [
      { cpuQuota: "1000", cpuPeriod: "1000000" },
      { cpuQuotaUs: 1000, cpuPeriodUs: 1_000_000 },
    ],
    [{ cpuQuota: "-1" }, {}],
    [{ cpuShares: "512" }, { cpuShares: 512 }],
    [{ cpuShares: "1" }, { cpuShares: 2 }],
    [{ cpuShares: "999999999" }, { cpuShares: 262_144 }],
    [{ cpusetCpus: "1,3" }, { cpusetCpus: "1,3" }],
    [{ cpusetCpus: "0-3" }, { cpusetCpus: "0-3" }],
    [{ cpusetCpus: "" }, {}],
    [{ pidsLimit: "100" }, { pidsLimit: 100 }],
    [{ pidsLimit: "0" }, {}],
    [{ pidsLimit: "-1" }, {}],
  ] as const)("%j", (options, limits) => {
    expect(of(options)).toEqual(limits);
  });

  test.each([
    [{ memory: "5m" }, /--memory "5m": the least is 6m/],
    [{ memory: "6291455" }, /the least is 6m/],
    [{ memory: "" }, /--memory ""/],
    [{ memory: "-1" }, /--memory "-1"/],
    [{ memory: "1e9" }, /--memory "1e9"/],
    [{ memory: "64x" }, /--memory "64x"/],
    [{ memory: "99999999999p" }, /more than/],
    [{ memorySwap: "64m" }, /needs --memory/],
    [{ memory: "64m", memorySwap: "63m" }, /--memory-swap "63m".*at least --memory "64m"/],
    [{ memory: "64m", memorySwap: "-2" }, /--memory-swap "-2"/],
    [{ memory: "64m", memoryReservation: "65m" }, /--memory-reservation "65m": more than --memory "64m"/],
    [{ memoryReservation: "1m" }, /the least is 6m/],
    [{ cpus: "4.1" }, /--cpus "4.1": 0.01 to 4/],
    [{ cpus: "0.001" }, /--cpus/],
    [{ cpus: "-1" }, /--cpus/],
    [{ cpus: "NaN" }, /--cpus/],
    [{ cpus: "1", cpuQuota: "1000" }, /--cpus and --cpu-quota/],
    [{ cpus: "1", cpuPeriod: "1000" }, /--cpus and --cpu-period/],
    [{ cpuQuota: "999" }, /--cpu-quota "999"/],
    [{ cpuPeriod: "999" }, /--cpu-period "999"/],
    [{ cpuPeriod: "1000001" }, /--cpu-period "1000001"/],
    [{ cpuShares: "-1" }, /--cpu-shares "-1"/],
    [{ cpuShares: "1.5" }, /--cpu-shares "1.5"/],
    [{ cpusetCpus: "4" }, /--cpuset-cpus "4": this machine has CPUs 0-3, not 4/],
    [{ cpusetCpus: "3-1" }, /--cpuset-cpus "3-1"/],
    [{ cpusetCpus: "0-99999" }, /--cpuset-cpus/],
    [{ cpusetCpus: "0, 1" }, /--cpuset-cpus/],
    [{ pidsLimit: "4194305" }, /--pids-limit/],
    [{ pidsLimit: "ten" }, /--pids-limit "ten"/],
  ] as const)("%j is refused", (options, message) => {
    expect(() => of(options)).toThrow(message);
  });

  test("whatever is written, it is a limit or a LimitError", () => {
    const keys = [
      "memory",
      "memorySwap",
      "memoryReservation",
      "cpus",
      "cpuShares",
      "cpuQuota",
      "cpuPeriod",
      "cpusetCpus",
      "pidsLimit",
    ];
    const text = fc.oneof(fc.string({ maxLength: 8 }), fc.stringMatching(/^-?[0-9.,kmgb-]{0,7}$/));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), text), (options) => {
        try {
          for (const value of Object.values(of(options)))
            if (typeof value === "number") expect(Number.isSafeInteger(value)).toBe(true);
        } catch (error) {
          expect((error as Error).name).toBe("LimitError");
        }
      }),
    );
  });
});
