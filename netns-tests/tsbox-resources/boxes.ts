/** Processes in cgroups of a test's own: the folder has a name of its own, and whatever is in it ends with the test. */
import { readFileSync } from "node:fs";
import { Cgroups, type ContainerCgroup } from "../../src/tsbox/cgroup/cgroup.ts";
import { randomName } from "../support/run.ts";
import type { Lack } from "../support/skip.ts";

export interface Boxes extends AsyncDisposable {
  readonly cgroups: Cgroups;
  /** Folder below each hierarchy's root. */
  readonly parent: string;
}

export function makeBoxes(): Boxes {
  const parent = randomName("tsbox-t-");
  const cgroups = new Cgroups({ parent });
  return {
    cgroups,
    parent,
    async [Symbol.asyncDispose]() {
      for (const id of cgroups.list()) {
        const box = cgroups.open(id);
        await box.killAll();
        await box.remove();
      }
      cgroups.removeParent();
    },
  };
}

/** Starts a shell script that is in the container's cgroups before its first command. */
export function startIn(box: ContainerCgroup, script: string) {
  const enter = box.joinFiles.map((file) => `echo 0 > '${file}'`).join(" && ");
  return Bun.spawn(["sh", "-c", `${enter} && exec "$@"`, "sh", "sh", "-c", script], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** User and system time of a process, in clock ticks (proc(5), fields 14 and 15 of stat). */
export function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** Whether this machine lets us make cgroups with a controller. */
export function lacksController(...controllers: readonly string[]): Lack {
  if (process.getuid?.() !== 0) return "needs root";
  const cgroups = new Cgroups();
  const absent = controllers.find((controller) => !cgroups.has(controller));
  return absent === undefined ? undefined : `no cgroup controller ${absent}`;
}

/** Where a cgroup2 is mounted whose root is shown; beside v1 too. */
export const cgroup2Mount = (): string | undefined =>
  /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(readFileSync("/proc/self/mountinfo", "utf8"))?.[1];
