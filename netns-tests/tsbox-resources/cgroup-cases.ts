import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { testUnless } from "../support/skip.ts";
import { lacksController, makeBoxes, startIn, ticksOf } from "./boxes.ts";

const MIB = 1 << 20;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until a script has written its first line. */
async function firstLine(child: ReturnType<typeof startIn>): Promise<string> {
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return new TextDecoder().decode(value).trim();
}

/** What a limit does, whatever kind of cgroups there are; `where` is for the tests' names. */
export function testCgroups(where: string): void {
  testUnless(
    lacksController(),
    `${where}: a process is in every cgroup of its container before its first command`,
    async () => {
      await using boxes = makeBoxes();
      const box = boxes.cgroups.create("one");
      const child = startIn(box, "echo ready; exec sleep 60");
      await firstLine(child);
      const lines = readFileSync(`/proc/${child.pid}/cgroup`, "utf8").split("\n");
      expect(lines.filter((line) => line.endsWith(`/${boxes.parent}/one`)).length).toBe(
        boxes.cgroups.layout.hierarchies.length,
      );
      expect(box.processes()).toEqual([child.pid]);
    },
  );

  testUnless(lacksController("memory"), `${where}: memory over the limit is killed, and counted as that`, async () => {
    await using boxes = makeBoxes();
    const box = boxes.cgroups.create("one");
    box.setLimits({ memoryBytes: 16 * MIB, memorySwapBytes: 16 * MIB });
    // tail keeps all of a file without line breaks.
    const child = startIn(box, "exec tail /dev/zero");
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    expect(box.oomKills()).toBe(1);
    expect(box.stats().memoryLimitBytes).toBe(16 * MIB);
  });

  testUnless(lacksController("memory"), `${where}: a process that somebody kills is no OOM kill`, async () => {
    await using boxes = makeBoxes();
    const box = boxes.cgroups.create("one");
    box.setLimits({ memoryBytes: 64 * MIB, memorySwapBytes: 64 * MIB });
    const child = startIn(box, "echo ready; exec sleep 60");
    await firstLine(child);
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    expect(box.oomKills()).toBe(0);
  });

  testUnless(lacksController("memory"), `${where}: limits of a running container grow and shrink`, async () => {
    await using boxes = makeBoxes();
    const box = boxes.cgroups.create("one");
    const child = startIn(box, "echo ready; exec sleep 60");
    await firstLine(child);
    for (const [memory, swap] of [
      [64, 128],
      [256, 256],
      [32, 64],
      [512, -1],
      [64, 64],
    ] as const) {
      box.setLimits({ memoryBytes: memory * MIB, memorySwapBytes: swap === -1 ? -1 : swap * MIB });
      expect(box.stats().memoryLimitBytes).toBe(memory * MIB);
    }
  });

  testUnless(lacksController("pids"), `${where}: --pids-limit stops forks`, async () => {
    await using boxes = makeBoxes();
    const box = boxes.cgroups.create("one");
    box.setLimits({ pidsLimit: 3 });
    const child = startIn(box, "for n in 1 2 3; do sleep 60 >/dev/null 2>&1 & done");
    expect(await new Response(child.stderr).text()).toMatch(/fork/i);
    expect(await child.exited).not.toBe(0);
    expect(box.stats()).toMatchObject({ pids: 2, pidsLimit: 3 });
  });

  testUnless(lacksController("cpu"), `${where}: --cpus holds a busy process down`, async () => {
    await using boxes = makeBoxes();
    const box = boxes.cgroups.create("one");
    box.setLimits({ cpuQuotaUs: 10_000, cpuPeriodUs: 100_000 });
    const child = startIn(box, "echo ready; while :; do :; done");
    await firstLine(child);
    const before = box.stats().cpuNs ?? 0;
    await pause(1000);
    // A tenth of a second; twice that, and some for the edges, on a busy machine.
    const used = (box.stats().cpuNs ?? 0) - before;
    expect(used).toBeGreaterThan(0);
    expect(used).toBeLessThan(300e6);
    expect(box.stats().throttledNs).toBeGreaterThan(0);
    child.kill("SIGKILL");
  });

  testUnless(lacksController("cpuset"), `${where}: --cpuset-cpus binds a process`, async () => {
    await using boxes = makeBoxes();
    const box = boxes.cgroups.create("one");
    box.setLimits({ cpusetCpus: "1" });
    const child = startIn(box, "exec cat /proc/self/status");
    expect(await new Response(child.stdout).text()).toMatch(/^Cpus_allowed_list:\s+1$/m);
  });

  testUnless(
    lacksController("freezer"),
    `${where}: a frozen container stands still, a thawed one runs on`,
    async () => {
      await using boxes = makeBoxes();
      const box = boxes.cgroups.create("one");
      const child = startIn(box, "echo ready; while :; do :; done");
      await firstLine(child);
      await box.freeze();
      const at = ticksOf(child.pid);
      await pause(200);
      expect(ticksOf(child.pid)).toBe(at);
      expect(box.frozen).toBe(true);
      await box.thaw();
      const end = performance.now() + 10_000;
      while (ticksOf(child.pid) === at && performance.now() < end) await pause(20);
      expect(ticksOf(child.pid)).toBeGreaterThan(at);
    },
  );

  testUnless(lacksController("freezer"), `${where}: a frozen container can be killed`, async () => {
    await using boxes = makeBoxes();
    const box = boxes.cgroups.create("one");
    const child = startIn(box, "echo ready; sleep 60 & wait");
    await firstLine(child);
    await box.freeze();
    await box.killAll();
    await child.exited;
    expect(box.processes()).toEqual([]);
    await box.remove();
    expect(box.exists).toBe(false);
  });

  testUnless(lacksController("pids"), `${where}: nobody forks faster than kill`, async () => {
    await using boxes = makeBoxes();
    const box = boxes.cgroups.create("one");
    box.setLimits({ pidsLimit: 60 });
    const child = startIn(box, "f() { f & f & }; echo ready; while :; do f 2>/dev/null; done");
    await firstLine(child);
    await pause(200);
    await box.killAll();
    expect(box.processes()).toEqual([]);
    await child.exited;
  });

  testUnless(
    lacksController("memory"),
    `${where}: cgroups that a container made below its own go with it, a neighbour's stays`,
    async () => {
      await using boxes = makeBoxes();
      const box = boxes.cgroups.create("one");
      const neighbour = boxes.cgroups.create("two");
      for (const dir of box.dirs) await Bun.$`mkdir -p ${dir}/a/b`.quiet();
      expect(boxes.cgroups.list()).toEqual(["one", "two"]);
      await box.remove();
      expect(boxes.cgroups.list()).toEqual(["two"]);
      expect(neighbour.exists).toBe(true);
    },
  );

  testUnless(
    lacksController(),
    `${where}: a second container of the same id is refused and the first one stays`,
    async () => {
      await using boxes = makeBoxes();
      const box = boxes.cgroups.create("one");
      const child = startIn(box, "echo ready; exec sleep 60");
      await firstLine(child);
      expect(() => boxes.cgroups.create("one")).toThrow(expect.objectContaining({ code: "EEXIST" }));
      expect(readFileSync(`/proc/${child.pid}/cgroup`, "utf8")).toContain(`/${boxes.parent}/one`);
      expect(box.processes()).toEqual([child.pid]);
    },
  );
}
