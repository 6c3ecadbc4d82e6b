import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { randomName } from "../../support/run.ts";
import { type Lack, lacksFile } from "../../support/skip.ts";

export interface Cgroup extends AsyncDisposable {
  readonly folder: string;
  readonly procs: string;
  /** Pids in it, as this process sees them. */
  members(): string;
}

const ROOT = "/sys/fs/cgroup";

export const lacksController = (name: string): Lack => lacksFile(join(ROOT, name, "cgroup.procs"));

/** A new group of a version 1 hierarchy; at its end whoever is still in it is killed. */
export function makeCgroup(controller: string): Cgroup {
  const folder = join(ROOT, controller, randomName("box"));
  const procs = join(folder, "cgroup.procs");
  mkdirSync(folder);
  const members = () => readFileSync(procs, "utf8");
  return {
    folder,
    procs,
    members,
    [Symbol.asyncDispose]: async () => {
      for (let i = 0; i < 200 && members() !== ""; i++) {
        for (const pid of members().trim().split("\n")) if (Number(pid) > 0) kill(Number(pid));
        await Bun.sleep(10);
      }
      rmdirSync(folder);
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
