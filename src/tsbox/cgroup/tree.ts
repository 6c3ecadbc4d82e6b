import { CgroupError, errnoOf } from "./error.ts";
import type { CgroupFiles } from "./files.ts";
import { type Hierarchy, type Layout, words } from "./layout.ts";

/** The folder all containers' cgroups are in, one below the root of each hierarchy. */
export const PARENT = "tsbox";

/** Ids are ours, 64 hex digits; the rest is for tests. Nothing that could leave the folder, nor a control file's name. */
const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** v2 controllers that containers need; each is handed down separately, so that one which is absent stops no other. */
const V2_CONTROLLERS = ["cpu", "cpuset", "memory", "pids", "io"];

const parentDir = (hierarchy: Hierarchy, parent: string): string =>
  `${hierarchy.mountPoint === "/" ? "" : hierarchy.mountPoint}/${parent}`;

/** The folder of a container in a hierarchy. */
export function cgroupDir(hierarchy: Hierarchy, parent: string, id: string): string {
  if (!ID.test(id)) throw new CgroupError(`Cannot name a cgroup "${id}": letters, digits, "_" and "-"`, "EINVAL");
  return `${parentDir(hierarchy, parent)}/${id}`;
}

/**
 * Makes `<parent>/<id>` in every hierarchy; all or none. A cgroup of that name that is there already is somebody's: EEXIST,
 * and it stays.
 */
export function makeTree(files: CgroupFiles, layout: Layout, parent: string, id: string): void {
  const made: string[] = [];
  try {
    for (const hierarchy of layout.hierarchies) {
      const dir = cgroupDir(hierarchy, parent, id);
      ensureParent(files, hierarchy, parent);
      // The parent may be removed by somebody between the two.
      attempt(`make cgroup "${dir}"`, () => files.makeDir(dir));
      made.push(dir);
      if (hierarchy.version === 1 && hierarchy.controllers.includes("cpuset"))
        fillCpuset(files, parentDir(hierarchy, parent), dir);
    }
  } catch (error) {
    for (const dir of made.reverse()) {
      try {
        files.removeDir(dir);
      } catch {
        // The first cause is what the caller sees; `tsbox system gc` finds the folder by its name.
      }
    }
    throw error;
  }
}

function ensureParent(files: CgroupFiles, hierarchy: Hierarchy, parent: string): void {
  const dir = parentDir(hierarchy, parent);
  if (!files.exists(dir)) {
    attempt(`make cgroup "${dir}"`, () => {
      try {
        files.makeDir(dir);
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
      }
    });
  }
  if (hierarchy.version === 2) {
    handDown(files, hierarchy.mountPoint);
    handDown(files, dir);
  } else if (hierarchy.controllers.includes("cpuset")) fillCpuset(files, hierarchy.mountPoint, dir);
}

/** cgroup v2: controllers reach a cgroup's children only when it says so (cgroup.subtree_control). */
function handDown(files: CgroupFiles, dir: string): void {
  const available = new Set(words(files.read(`${dir}/cgroup.controllers`)));
  const already = new Set(words(files.read(`${dir}/cgroup.subtree_control`)));
  for (const controller of V2_CONTROLLERS) {
    if (!available.has(controller) || already.has(controller)) continue;
    try {
      files.write(`${dir}/cgroup.subtree_control`, `+${controller}`);
    } catch (error) {
      // cgroup-v2.rst, "No Internal Process Constraint".
      const hint =
        errnoOf(error) === "EBUSY" ? ": processes are in that cgroup itself; move them to a cgroup below it" : "";
      throw failure(`hand the controller "${controller}" down from cgroup "${dir}"${hint}`, error);
    }
  }
}

/** cgroup v1: a new cpuset has no CPU and no memory node, and nothing can enter it until it has (cpuset(7)). */
function fillCpuset(files: CgroupFiles, from: string, to: string): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if (files.read(`${to}/${file}`).trim() !== "") continue;
    const value = files.read(`${from}/${file}`).trim();
    attempt(`set "${to}/${file}" to "${value}"`, () => files.write(`${to}/${file}`, value));
  }
}

/** Ids of all containers that have a cgroup in some hierarchy, also of those that have lost it in others. */
export function listTree(files: CgroupFiles, layout: Layout, parent: string): string[] {
  const ids = new Set<string>();
  for (const hierarchy of layout.hierarchies) {
    const dir = parentDir(hierarchy, parent);
    if (!files.exists(dir)) continue;
    for (const name of files.folders(dir)) if (ID.test(name)) ids.add(name);
  }
  return [...ids].sort();
}

/** Removes the folder of all containers itself when nothing is in it: what an uninstall leaves. */
export function removeParent(files: CgroupFiles, layout: Layout, parent: string): void {
  for (const hierarchy of layout.hierarchies) {
    try {
      files.removeDir(parentDir(hierarchy, parent));
    } catch (error) {
      if (!["ENOENT", "EBUSY", "ENOTEMPTY"].includes(errnoOf(error) ?? "")) throw failure("remove cgroup", error);
    }
  }
}

export function attempt(what: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw failure(what, error);
  }
}

export function failure(what: string, error: unknown): CgroupError {
  const code = errnoOf(error) ?? "EIO";
  return new CgroupError(`Cannot ${what}: ${error instanceof Error ? error.message : String(error)}`, code, {
    cause: error,
  });
}
