/** Containers' cgroups on this machine's kernel; what the limits do is seen on processes and in /proc. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Lack, testUnless } from "../support/skip.ts";
import { lacksController, makeBoxes, startIn } from "./boxes.ts";
import { testCgroups } from "./cgroup-cases.ts";

testCgroups("this machine");

/** Writes past the page cache, which a file system in memory or over a network may not. */
const writeDirectly = (folder: string): string[] => [
  "dd",
  "if=/dev/zero",
  `of=${folder}/file`,
  "bs=64k",
  "count=16",
  "oflag=direct",
];

function lacksDirectWrites(): Lack {
  const cgroups = lacksController();
  if (cgroups !== undefined) return cgroups;
  const folder = mkdtempSync(join(tmpdir(), "direct-"));
  const { exitCode } = Bun.spawnSync(writeDirectly(folder));
  rmSync(folder, { recursive: true });
  return exitCode === 0 ? undefined : "no direct writes where temporary files are";
}

testUnless(
  [lacksController("blkio", "cpuacct", "pids"), lacksDirectWrites()],
  "this machine: what a container read and wrote is counted",
  async () => {
    await using boxes = makeBoxes();
    const box = boxes.cgroups.create("one");
    const folder = mkdtempSync(join(tmpdir(), "direct-"));
    try {
      await startIn(box, `exec ${writeDirectly(folder).join(" ")}`).exited;
      const { writtenBytes, cpuNs = 0 } = box.stats();
      expect(cpuNs).toBeGreaterThan(0);
      // Linux 6.10 and later count nothing on cgroup v1 unless somebody limits the disk.
      if (writtenBytes === undefined) expect(boxes.cgroups.layout.mode).not.toBe("v2");
      else expect(writtenBytes).toBeWithin(1 << 20, 4 << 20);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test("no cgroup of a test is left", async () => {
  const boxes = makeBoxes();
  boxes.cgroups.create("a");
  await boxes[Symbol.asyncDispose]();
  expect(boxes.cgroups.list()).toEqual([]);
});
