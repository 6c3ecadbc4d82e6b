import { loadNative } from "../../../native/load.ts";
import type { ContainerCgroup } from "../cgroup/cgroup.ts";
import { CgroupError, errnoOf } from "../cgroup/error.ts";
import { deviceProgram } from "./program.ts";
import { accessOf, type DeviceRule, ruleText } from "./rules.ts";

/**
 * Puts rules in force for a container, once, before anything runs in it: on cgroup v1 by devices.allow and devices.deny, on
 * v2 by a BPF program on its cgroup. Throws a CgroupError (ENODEV) where v1 has no devices controller.
 */
export function applyDeviceRules(groups: ContainerCgroup, rules: readonly DeviceRule[]): void {
  const dir = groups.dirOf("devices");
  if (dir === undefined)
    throw new CgroupError('Cannot limit devices: the cgroup controller "devices" is not mounted here', "ENODEV");
  const native = loadNative();
  try {
    if (groups.version === 2) native.cgroupDeviceAttach(dir, deviceProgram(accessOf(rules)));
    else
      for (const rule of rules)
        native.writeAt(
          `${dir}/devices.${rule.allow ? "allow" : "deny"}`,
          0,
          new TextEncoder().encode(ruleText(rule)),
          0o600,
          false,
        );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CgroupError(`Cannot limit the devices of cgroup "${dir}": ${why}`, errnoOf(error) ?? "EIO", {
      cause: error,
    });
  }
}
