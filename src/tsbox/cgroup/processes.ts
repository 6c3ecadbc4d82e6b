import { CgroupError, errnoOf } from "./error.ts";
import type { CgroupFiles } from "./files.ts";
import { words } from "./layout.ts";
import { attempt, failure } from "./tree.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `done`, looking again after 1, 2, 4 … 50 ms; false when the time is up. */
export async function until(done: () => boolean, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    if (done()) return true;
    if (performance.now() >= end) return false;
    await sleep(pause);
  }
}

/** A cgroup and all below it, children before their parents; empty when it is gone. */
export function subtree(files: CgroupFiles, dir: string): string[] {
  const below = unlessGone(() => files.folders(dir).flatMap((name) => subtree(files, `${dir}/${name}`)), undefined);
  return below === undefined ? [] : [...below, dir];
}

/** Processes in a cgroup and below. Those of other PID namespaces read as 0 and are left out. */
export function processesIn(files: CgroupFiles, dir: string): number[] {
  const pids = subtree(files, dir).flatMap((path) => words(unlessGone(() => files.read(`${path}/cgroup.procs`), "")));
  return [...new Set(pids.map(Number))].filter((pid) => pid > 0);
}

/** What somebody removed meanwhile (ENOENT, or ENODEV from an open file) has nothing in it. */
export function unlessGone<T, E>(action: () => T, otherwise: E): T | E {
  try {
    return action();
  } catch (error) {
    if (["ENOENT", "ENODEV"].includes(errnoOf(error) ?? "")) return otherwise;
    throw error;
  }
}

/** cgroup v1 freezer.state (freezer-subsystem.rst). A cgroup whose processes fork may stay FREEZING: thawed and frozen again. */
export async function freezeV1(files: CgroupFiles, dir: string, timeoutMs: number): Promise<void> {
  const file = `${dir}/freezer.state`;
  const end = performance.now() + timeoutMs;
  for (;;) {
    attempt(`freeze cgroup "${dir}"`, () => files.write(file, "FROZEN"));
    if (await until(() => files.read(file).trim() === "FROZEN", 200)) return;
    files.write(file, "THAWED");
    if (performance.now() >= end)
      throw new CgroupError(`Cannot freeze cgroup "${dir}": still not frozen after ${timeoutMs} ms`, "ETIMEDOUT");
  }
}

export const thawV1 = (files: CgroupFiles, dir: string): void =>
  attempt(`thaw cgroup "${dir}"`, () => unlessGone(() => files.write(`${dir}/freezer.state`, "THAWED"), undefined));

/** cgroup v2 cgroup.freeze; done when cgroup.events says so. */
export async function freezeV2(files: CgroupFiles, dir: string, frozen: boolean, timeoutMs: number): Promise<void> {
  const verb = frozen ? "freeze" : "thaw";
  attempt(`${verb} cgroup "${dir}"`, () => files.write(`${dir}/cgroup.freeze`, frozen ? "1" : "0"));
  const wanted = `frozen ${frozen ? 1 : 0}`;
  if (await until(() => files.read(`${dir}/cgroup.events`).includes(wanted), timeoutMs)) return;
  if (frozen) files.write(`${dir}/cgroup.freeze`, "0");
  throw new CgroupError(`Cannot ${verb} cgroup "${dir}": not done after ${timeoutMs} ms`, "ETIMEDOUT");
}

export type Kill = (pid: number) => void;

/** SIGKILL; somebody who is gone already is fine. */
export const sigkill: Kill = (pid) => {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw failure(`kill process ${pid}`, error);
  }
};

/** rmdir(2) of a cgroup, children first. The kernel says EBUSY for a moment after the last process has gone. */
export async function removeCgroup(files: CgroupFiles, dir: string, timeoutMs: number): Promise<void> {
  let last: unknown;
  // The usual cgroup has no children, and looking for them costs more than all the rest.
  let folders = (): string[] => [dir];
  const done = await until(() => {
    try {
      for (const path of folders()) unlessGone(() => files.removeDir(path), undefined);
      return true;
    } catch (error) {
      if (!["EBUSY", "ENOTEMPTY"].includes(errnoOf(error) ?? "")) throw failure(`remove cgroup "${dir}"`, error);
      last = error;
      folders = () => subtree(files, dir);
      return false;
    }
  }, timeoutMs);
  if (done) return;
  const pids = processesIn(files, dir).slice(0, 8).join(" ");
  throw failure(`remove cgroup "${dir}"${pids === "" ? "" : ` with processes ${pids} in it`}`, last);
}
