import { type LookNative, namesIn, objectIn, pidField, textField } from "../files.ts";
import type { Remark } from "../model.ts";
import { isContainerId, type Known } from "./container.ts";

/**
 * Containers of tsbox: records in `/var/lib/tsbox/containers/<id>/config.json`, the running ones' state in
 * `/run/tsbox/c/<the ID's first 20>/state.json`, namespaces at `/run/tsbox/netns/<id>` (src/tsbox/store/places.ts).
 */
export function tsboxContainers(native: LookNative, root: string, remarks: Remark[]): Known[] {
  const found: Known[] = [];
  for (const id of namesIn(native, `${root}/var/lib/tsbox/containers`, remarks)) {
    if (!isContainerId(id)) continue;
    const config = objectIn(native, `${root}/var/lib/tsbox/containers/${id}/config.json`, remarks);
    const state = objectIn(native, `${root}/run/tsbox/c/${id.slice(0, 20)}/state.json`, remarks);
    if (config === undefined && state === undefined) continue;
    found.push({
      id,
      runtime: "tsbox",
      name: textField(config, "name"),
      pid: pidField(state, "pid"),
      netns: `/run/tsbox/netns/${id}`,
    });
  }
  return found;
}
