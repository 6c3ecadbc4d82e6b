import { Cgroups } from "../cgroup/cgroup.ts";

let found: Cgroups | undefined;

/** The machine's cgroups; looked at once. */
export function containerCgroups(): Cgroups {
  found ??= new Cgroups();
  return found;
}
