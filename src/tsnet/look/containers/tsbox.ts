import { type LookNative, namesIn, objectIn, pidField, textField } from "../files.ts";
import type { Remark } from "../model.ts";
import { isContainerId, type Known } from "./container.ts";

/** Containers of tsbox: `/run/tsbox/<id>/state.json`, names in `/var/lib/tsbox/containers/<id>/config.json`. */
export function tsboxContainers(native: LookNative, root: string, remarks: Remark[]): Known[] {
  const found: Known[] = [];
  for (const id of namesIn(native, `${root}/var/lib/tsbox/containers`, remarks)) {
    if (!isContainerId(id)) continue;
    const config = objectIn(native, `${root}/var/lib/tsbox/containers/${id}/config.json`, remarks);
    const state = objectIn(native, `${root}/run/tsbox/${id}/state.json`, remarks);
    if (config === undefined && state === undefined) continue;
    found.push({
      id,
      runtime: "tsbox",
      name: textField(config, "name") ?? textField(config, "Name")?.replace(/^\//, ""),
      pid: pidField(state, "pid"),
      netns: textField(state, "netns") ?? `/run/tsbox/netns/${id}`,
    });
  }
  return found;
}
