import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "../support/run.ts";

/** The seccomp program in force for a process, read from the kernel; empty without one. */
export async function filterInForce(pid: number): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "filter-of-"));
  try {
    const program = join(folder, "filter-of");
    await must(["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, join(import.meta.dir, "filter-of.c")]);
    const child = Bun.spawnSync([program, String(pid)]);
    if (child.exitCode !== 0) throw new Error(`filter-of ${pid}: ${child.stderr}`);
    return new Uint8Array(child.stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
