import { Cgroups } from "../cgroup/cgroup.ts";
import { instanceOf, placesOf } from "../store/places.ts";

let found: Cgroups | undefined;

/** The machine's cgroups, those below the folder of this process's containers; looked at once. */
export function containerCgroups(): Cgroups {
  found ??= new Cgroups({ parent: `tsbox${instanceOf(placesOf(process.env))}` });
  return found;
}
